/**
 * Tiny models of many families, exported in many ways by `exports.py`: every hookpoint that PyTorch's modules have is found, with
 * PyTorch's values. A selection lies in `exports/`; `SAELAB_EXPORTS=FOLDER` takes what the script has made there.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TensorFile } from "../../src/formats/tensor-file.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { errorTable } from "../largest-error.js";
import { exportsEnding, exportsFolder, exportsOf, openExport } from "./exported-models.js";

const table = errorTable();
afterAll(() => table.print("Hookpoints of exports against PyTorch, as a share of the largest value"));

/** Half precision rounds to 1 in 2,048; weights of four bits are other weights. */
function tolerance(way: string): number {
  if (way.includes("int4")) return 0.5;
  return /half|fp16/.test(way) ? 1e-2 : 1e-5;
}

const families: (readonly [string, TensorFile, readonly string[]])[] = [];
for (const name of await readdir(exportsFolder)) {
  if (!name.endsWith(exportsEnding)) continue;
  const family = name.slice(0, -exportsEnding.length);
  const file = await exportsOf(family);
  families.push([family, file, namesUnder("onnx/", file)]);
}

function namesUnder(prefix: string, { tensors }: TensorFile): string[] {
  return [...tensors.keys()].flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
}

describe.each(families)("hookpoints of %s", (family, file, ways) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-exports-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(ways)("by %s", { timeout: 60_000 }, async (way) => {
    const model = await openExport(file, way, folder);
    const tokens = (await file.read("tokens")) as Tensor<Int32Array>;
    const wanted = namesUnder("golden/", file);
    const places = model.hookpoints.map((point) => point.name);
    expect([...places, "logits"]).toEqual(expect.arrayContaining(wanted));
    expect(places.filter((name) => /^layers\.\d+$/.test(name))).toEqual(["layers.0", "layers.1"]);
    const found = await model.activations(tokens, places);
    found.set("logits", await model.logits(tokens));
    for (const name of wanted) {
      const { data, shape } = await file.float32(`golden/${name}`);
      expect(found.get(name)?.shape, name).toEqual(shape);
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const share = (values: Float32Array) => values.map((value) => value / largest);
      const error = table.note(
        `${family} ${way} ${name}`,
        share((found.get(name) as Tensor).data),
        share(data),
      );
      expect(error, name).toBeLessThan(tolerance(way));
    }
    await checkReplacing(model, way, { tokens, found });
    await model.close();
  });
});

/**
 * What a hookpoint has, put in its place, changes nothing, and other values change the logits. Every hookpoint has a session of its
 * own: all are tried for two ways to make a graph, one for the others.
 */
async function checkReplacing(
  model: SubjectModel,
  way: string,
  { tokens, found }: { tokens: Tensor<Int32Array>; found: ReadonlyMap<string, Tensor> },
): Promise<void> {
  const isPlain = ["torchscript", "builder"].includes(way);
  const places = isPlain ? model.hookpoints.map(({ name }) => name) : ["layers.0"];
  const clean = found.get("logits") as Tensor;
  const largest = clean.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const name of places) {
    const own = found.get(name) as Tensor;
    const change = async (values: Tensor) => {
      const { data } = await model.logits(tokens, { replace: new Map([[name, values]]) });
      return data.reduce((most, value, i) => Math.max(most, Math.abs(value - clean.data[i])), 0) / largest;
    };
    expect(await change(own), `${name} as it is`).toBeLessThan(tolerance(way));
    const moved = tensor(
      own.data.map((value, i) => value + 0.3 * Math.sin(i)),
      own.shape,
    );
    expect(await change(moved), `${name} moved`).toBeGreaterThan(1e-4);
  }
}
