/**
 * Graphs that were optimised for speed. The fused one is made here from the demo model; with `SAELAB_OPTIMISED=FOLDER` those that
 * `optimised-graphs.py` made with ONNX Runtime's own tools are compared as well.
 */
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
import { decodeGraph, type GraphNode, producers } from "../../src/model/onnx/graph.js";
import { openOnnxModel } from "../../src/model/onnx/onnx-model.js";
import { bytesField, encodeMessage, type Field, varintField } from "../../src/model/onnx/protobuf.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { packageRoot } from "../../src/package-root.js";
import { seededRandom } from "../../src/random.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { mutate } from "../formats/mutate.js";
import { errorTable } from "../largest-error.js";
import { moveWeightsOut } from "./move-weights-out.js";

const table = errorTable();
afterAll(() => table.print("Optimised graphs against plain ones, as a share of the largest value"));

const plainPath = join(packageRoot(), "demo", "model", "model.onnx");
const tokens = tensor(
  Int32Array.from({ length: 60 }, (_, i) => (i * 37) % 2000),
  [3, 20],
);

async function open(path: string): Promise<SubjectModel> {
  const tokenizer = await loadTokenizer(join(packageRoot(), "demo", "model"));
  return await openOnnxModel(path, {
    name: path,
    tokenizer,
    contextLength: 128,
    vocabSize: 2048,
    dModel: 128,
  });
}

/** Every addition to the residual stream and the normalisation behind it as one node of ONNX Runtime's. */
function fuseNorms(bytes: Uint8Array): Uint8Array {
  const graph = decodeGraph(bytes);
  const makers = producers(graph);
  const norms = new Map<GraphNode | undefined, GraphNode>();
  for (const node of graph.nodes) {
    const sum = makers.get(node.inputs[0]);
    const adds = sum?.op === "Add" && sum.inputs.every((name) => !graph.initializers.has(name));
    if (node.op === "LayerNormalization" && adds) norms.set(sum, node);
  }
  expect(norms.size).toBeGreaterThan(4);
  const fused = graph.nodes.flatMap((node) => {
    if ([...norms.values()].includes(node)) return [];
    const norm = norms.get(node);
    if (!norm) return [bytesField(1, node.fields)];
    const weights = norm.inputs.slice(1).map((name) => bytesField(1, name));
    const outputs = [norm.outputs[0], "", "", node.outputs[0]].map((name) => bytesField(2, name));
    const attributes = norm.fields.filter(
      ({ number, payload }) => number === 5 && Buffer.from(payload).includes("epsilon"),
    );
    const inputs = node.inputs.map((name) => bytesField(1, name));
    const op = [bytesField(4, "SkipLayerNormalization"), bytesField(7, "com.microsoft")];
    return [bytesField(1, [...inputs, ...weights, ...outputs, ...op, ...attributes])];
  });
  const rest = graph.fields.filter(({ number }) => number !== 1);
  const domain = bytesField(8, [bytesField(1, "com.microsoft"), varintField(2, 1)]);
  const fields = graph.modelFields.map((field: Field) =>
    field.number === 7 ? bytesField(7, [...fused, ...rest]) : field,
  );
  return encodeMessage([...fields, domain]);
}

/** As Optimum merges a decoder: bodies under an `If`. The first is empty; the outputs of the second have names of their own. */
function mergeBodies(bytes: Uint8Array): Uint8Array {
  const graph = decodeGraph(bytes);
  const named = (number: number, names: readonly string[]) =>
    names.map((name) => bytesField(number, [bytesField(1, name)]));
  const outputs = graph.outputs.map(({ name }) => name);
  const chosen = outputs.map((name) => `${name}/chosen`);
  const inside = graph.fields.filter(({ number }) => number === 5).slice(0, 3);
  const nodes = graph.nodes.map((node) => bytesField(1, node.fields));
  const branch = (name: string, fields: Field[]) =>
    bytesField(5, [bytesField(1, name), bytesField(6, fields), varintField(20, 5)]);
  const choice = bytesField(1, [
    bytesField(1, "use_cache_branch"),
    ...chosen.map((name) => bytesField(2, name)),
    bytesField(4, "If"),
    branch("then_branch", [bytesField(2, "with_past")]),
    branch("else_branch", [...nodes, ...inside, ...named(12, outputs)]),
  ]);
  const rest = graph.fields.filter(
    (field) => field.number !== 1 && field.number !== 12 && !inside.includes(field),
  );
  const merged = [choice, ...rest, ...named(11, ["use_cache_branch"]), ...named(12, chosen)];
  return encodeMessage(
    graph.modelFields.map((field) => (field.number === 7 ? bytesField(7, merged) : field)),
  );
}

/** Largest difference of any hookpoint that both have, as a share of the hookpoint's largest value. */
async function compare(name: string, found: SubjectModel, plain: SubjectModel): Promise<number> {
  const places = plain.hookpoints.map((point) => point.name);
  expect(found.hookpoints.map((point) => point.name)).toEqual(places);
  const [a, b] = await Promise.all([found, plain].map((model) => model.activations(tokens, places)));
  a.set("logits", await found.logits(tokens));
  b.set("logits", await plain.logits(tokens));
  const errors = [...places, "logits"].map((place) => {
    const [x, y] = [a, b].map((values) => (values.get(place) as Tensor).data);
    const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const share = (values: Float32Array) => values.map((value) => value / largest);
    return table.note(`${name} ${place}`, share(x), share(y));
  });
  return Math.max(...errors);
}

describe("optimised graphs", () => {
  let plain: SubjectModel;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-optimised-"));
    plain = await open(plainPath);
  });
  afterAll(() => Promise.all([plain.close(), rm(folder, { recursive: true })]));

  it("additions and normalisations in one node are read as two", async () => {
    const path = join(folder, "fused.onnx");
    await writeFile(path, fuseNorms(await readFile(plainPath)));
    const model = await open(path);
    expect(await compare("fused", model, plain)).toBeLessThan(1e-5);
    await model.close();
  });

  it("of a merged decoder the body without a cache is read", async () => {
    const path = join(folder, "merged.onnx");
    await writeFile(path, mergeBodies(await readFile(plainPath)));
    const model = await open(path);
    expect(await compare("merged", model, plain)).toBeLessThan(1e-5);
    await model.close();
  });

  it("damaged ones are refused with the file's name, and none hangs", async () => {
    const { graph, weights } = moveWeightsOut(await readFile(plainPath), "weights");
    const original = mergeBodies(fuseNorms(graph));
    await writeFile(join(folder, "weights"), weights);
    const path = join(folder, "damaged.onnx");
    await writeFile(path, original);
    await (await open(path)).close();
    const random = seededRandom("optimised graphs");
    const until = Date.now() + 3000;
    let refused = 0;
    let count = 0;
    for (; count < 2000 && Date.now() < until; count++) {
      await writeFile(path, mutate(original, random.fork(count)));
      const error = await open(path).catch((e: unknown) => e);
      if (!(error instanceof Error)) continue;
      expect(error, `number ${count}`).toBeInstanceOf(FileError);
      expect(error.message).toContain(folder);
      refused++;
    }
    expect(refused).toBeGreaterThan(count / 20);
  });

  const made = process.env.SAELAB_OPTIMISED ?? "";
  const files = existsSync(made) ? readdirSync(made).filter((file) => file.endsWith(".onnx")) : [];
  it.skipIf(files.length === 0)("equal the plain graph (needs test/model/optimised-graphs.py)", async () => {
    for (const file of files) {
      const model = await open(join(made, file));
      expect(await compare(file, model, plain), file).toBeLessThan(file.includes("fp16") ? 1e-2 : 1e-4);
      await model.close();
    }
  });
});
