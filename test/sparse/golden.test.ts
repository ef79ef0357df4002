import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../src/formats/byte-source.js";
import { readFileBytes } from "../../src/formats/file-source.js";
import { decodeNpy } from "../../src/formats/npy.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import type { TensorFile } from "../../src/formats/tensor-file.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { packageRoot } from "../../src/package-root.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseActivations } from "../../src/sparse/sparse-activations.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { errorTable } from "../largest-error.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

const tolerance = 1e-4;
const positions = 128;
const table = errorTable();
afterAll(() => table.print("Latents and reconstructions against PyTorch"));

/** Folder below `saes`, golden file, hookpoint, golden input, kind, where it predicts. */
const coders = [
  ["sparsify/layers.0", "layers.0", "layers.0", "hidden_0", "topk 16"],
  ["sparsify/layers.1", "layers.1", "layers.1", "hidden_1", "topk 16"],
  ["sparsify/layers.2", "layers.2", "layers.2", "hidden_2", "topk 16"],
  ["sparsify/layers.3", "layers.3", "layers.3", "hidden_3", "topk 16"],
  ["sparsify/layers.4", "layers.4", "layers.4", "hidden_4", "topk 16"],
  ["sparsify-4096/layers.2", "layers.2-wide", "layers.2", "hidden_2", "topk 16"],
  ["sparsify-mlp/layers.2.mlp", "layers.2.mlp", "layers.2.mlp", "mlp_out_2", "topk 16"],
  [
    "sparsify-transcoder/layers.2.mlp",
    "layers.2.mlp-transcoder",
    "layers.2.mlp.input",
    "mlp_in_2",
    "topk 16",
  ],
  ["saelens-jumprelu/layer_2", "layers.2-jumprelu", "layers.2", "hidden_2", "jumprelu"],
  ["gemma-scope/layer_2/width_1k/average_l0_19", "layers.2-jumprelu", "layers.2", "hidden_2", "jumprelu"],
  ["saelens-batchtopk/layer_2", "layers.2-batchtopk", "layers.2", "hidden_2", "jumprelu"],
  ["dictionary_learning/resid_post_layer_2/trainer_0", "layers.2-relu", "layers.2", "hidden_2", "relu"],
] as const;

describe.skipIf(!hasRealData)(`sparse coders of stories260k ${needsRealData}`, () => {
  let model: SubjectModel;
  let tokens: Tensor<Int32Array>;
  beforeAll(async () => {
    model = await loadModel(realData("stories260k"));
    tokens = (await golden("tokens")) as Tensor<Int32Array>;
  });
  afterAll(() => model?.close());

  it.each(coders)("%s gives the latents of %s.safetensors", async (folder, file, hookpoint, input, kind) => {
    const coder = await loadSparseCoder(realData("saes", ...folder.split("/")));
    expect(coder).toMatchObject({ hookpoint, kind, dModel: 64 });
    const wanted = await openGolden(realData("golden", "latents", `${file}.safetensors`));
    const sequences = Number(wanted.metadata.sequences);
    const x = firstContexts((await golden(input)) as Tensor, sequences);
    await compareLatents(`${folder} latents`, coder, { x, wanted });

    const ids = firstContexts(tokens, sequences);
    const tapped = (await model.activations(ids, [hookpoint])).get(hookpoint) as Tensor;
    await compareLatents(`${folder} latents, from tokens`, coder, { x: tapped, wanted });

    const two = firstContexts(x, 2);
    const reconstruction = await coder.decode(await coder.encode(two), two);
    expect(reconstruction.shape).toEqual([2 * positions, 64]);
    const error = table.note(
      `${folder} reconstruction`,
      reconstruction.data,
      (await wanted.float32("reconstruction")).data,
    );
    expect(error).toBeLessThan(tolerance);
    await coder.close();
  });
});

const demo = join(packageRoot(), "demo");

describe.skipIf(!existsSync(join(demo, "golden.safetensors")))("sparse coders of the demo", () => {
  it("demo/layers.2 gives the latents of golden.safetensors", async () => {
    const wanted = await openGolden(join(demo, "golden.safetensors"));
    const coder = await loadSparseCoder("demo/layers.2");
    const found = await coder.encode(await wanted.float32("layers.2"));
    const latents = (await wanted.read("layers.2.latents")) as Tensor<Int32Array>;
    const activations = await wanted.float32("layers.2.activations");
    const k = latents.shape.at(-1) as number;
    const entries = Array.from(latents.data, (latent, i) => [Math.floor(i / k), latent, activations.data[i]])
      .filter(([, , activation]) => activation > 0)
      .sort(([p, a], [q, b]) => p - q || a - b);
    expect([...found.latents]).toEqual(entries.map(([, latent]) => latent));
    expect([...found.positions]).toEqual(entries.map(([position]) => position));
    const error = table.note(
      "demo/layers.2 latents",
      found.values,
      entries.map(([, , a]) => a),
    );
    expect(error).toBeLessThan(tolerance);
    await coder.close();
  });
});

async function golden(name: string) {
  return decodeNpy(await readFileBytes(realData("golden", `${name}.npy`)));
}

async function openGolden(path: string): Promise<TensorFile> {
  return await openSafetensors(memorySource(await readFileBytes(path), path));
}

function firstContexts<T extends Float32Array | Int32Array>(t: Tensor<T>, count: number): Tensor<T> {
  const shape = [count, ...t.shape.slice(1)];
  const size = shape.reduce((n, m) => n * m, 1);
  return tensor(t.data.subarray(0, size) as T, shape);
}

/** Same latents, but that top-k may exchange ones within the tolerance of its cut; same values. */
async function compareLatents(
  name: string,
  coder: SparseCoder,
  { x, wanted }: { x: Tensor; wanted: TensorFile },
): Promise<void> {
  const found = byPlace(await coder.encode(x), coder.dSae);
  const sequence = (await wanted.read("sequence")).data as Uint16Array;
  const position = (await wanted.read("position")).data as Uint16Array;
  const latents = (await wanted.read("latent")).data as Uint32Array;
  const values = (await wanted.float32("activation")).data;
  const expected = byPlace(
    {
      shape: [0, 0],
      positions: Uint32Array.from(sequence, (s, i) => s * positions + position[i]),
      latents,
      values,
    },
    coder.dSae,
  );
  const both = [...expected.keys()].filter((place) => found.has(place));
  const missing = [...expected.keys()].filter((place) => !found.has(place));
  const extra = [...found.keys()].filter((place) => !expected.has(place));
  if (!coder.kind.startsWith("topk")) expect([missing, extra]).toEqual([[], []]);
  const cut = smallestByPosition(expected, coder.dSae);
  for (const place of [...missing, ...extra]) {
    const value = (expected.get(place) ?? found.get(place)) as number;
    const least = cut.get(Math.floor(place / coder.dSae)) ?? 0;
    expect(Math.abs(value - least), `exchange of latent ${place % coder.dSae}`).toBeLessThan(tolerance);
  }
  const error = table.note(
    `${name}${missing.length + extra.length > 0 ? ` (${missing.length} exchanged)` : ""}`,
    both.map((place) => found.get(place) as number),
    both.map((place) => expected.get(place) as number),
  );
  expect(error).toBeLessThan(tolerance);
  expect(both.length).toBeGreaterThan(0.999 * expected.size);
}

/** Values by `position · d_sae + latent`; checks that entries come by position, then latent. */
function byPlace({ positions, latents, values }: SparseActivations, dSae: number): Map<number, number> {
  const places = Array.from(latents, (latent, i) => positions[i] * dSae + latent);
  expect(places.every((place, i) => i === 0 || place > places[i - 1])).toBe(true);
  expect(values.every((value) => value > 0)).toBe(true);
  return new Map(places.map((place, i) => [place, values[i]]));
}

function smallestByPosition(entries: ReadonlyMap<number, number>, dSae: number): Map<number, number> {
  const smallest = new Map<number, number>();
  for (const [place, value] of entries) {
    const position = Math.floor(place / dSae);
    smallest.set(position, Math.min(value, smallest.get(position) ?? Number.POSITIVE_INFINITY));
  }
  return smallest;
}
