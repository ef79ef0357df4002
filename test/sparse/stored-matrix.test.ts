/** Weights that stay in their file: what is computed, what is kept in memory, what happens when the file changes. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBatchEncoder } from "../../src/cache/batch-encoder.js";
import { FileError } from "../../src/errors.js";
import { encodeSafetensors, type TensorToStore } from "../../src/formats/safetensors.js";
import { loadModel } from "../../src/model/load-model.js";
import { packageRoot } from "../../src/package-root.js";
import { seededRandom } from "../../src/random.js";
import { transpose } from "../../src/sparse/coder-weights.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { row, type Tensor, tensor } from "../../src/tensor.js";

const [d, n, k] = [12, 40, 5];
const { random } = seededRandom("stored");
/** Numbers that all three formats hold exactly. */
const numbers = (...shape: number[]) =>
  tensor(
    Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => Math.round(random() * 64 - 32) / 16,
    ),
    shape,
  );
const encoder = numbers(n, d);
const decoder = numbers(n, d);
const x = numbers(30, d);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "saelab-stored-"));
});
afterAll(() => rm(folder, { recursive: true }));

function weights(dtype?: "F16" | "BF16"): Record<string, TensorToStore> {
  const as = (t: Tensor) => (dtype ? { ...t, dtype } : t);
  const zeros = (size: number) => tensor(new Float32Array(size), [size]);
  return {
    "encoder.weight": as(encoder),
    "encoder.bias": zeros(n),
    W_dec: as(decoder),
    b_dec: zeros(d),
  };
}

/** The same in SAELens' layout, where the encoder lies the other way round. */
function turned(dtype?: "F16"): Record<string, TensorToStore> {
  const { "encoder.weight": _, "encoder.bias": b_enc, ...rest } = weights(dtype);
  const columns = transpose(encoder);
  return { W_enc: dtype ? { ...columns, dtype } : columns, b_enc, ...rest };
}

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const place = join(folder, name, "layers.1");
  await mkdir(place, { recursive: true });
  const saelens = name.includes("SAELens");
  const config = { architecture: "topk", k, metadata: { hook_name: "blocks.1.hook_resid_post" } };
  await writeFile(join(place, "cfg.json"), JSON.stringify(saelens ? config : { k }));
  await writeFile(join(place, saelens ? "sae_weights.safetensors" : "sae.safetensors"), bytes);
  return place;
}

/** The same file with a header that is one byte longer, as only other writers make it. */
function shifted(bytes: Uint8Array): Uint8Array {
  const length = new DataView(bytes.buffer).getBigUint64(0, true);
  const end = 8 + Number(length);
  const out = new Uint8Array(bytes.length + 1);
  out.set(bytes.subarray(0, end));
  out[end] = 0x20;
  out.set(bytes.subarray(end), end + 1);
  new DataView(out.buffer).setBigUint64(0, length + 1n, true);
  return out;
}

/** The k largest of each position, in plain arithmetic. */
function wantedLatents(): [number, number, number][] {
  return Array.from({ length: 30 }, (_, p) => {
    const h = Array.from({ length: n }, (_, i) =>
      row(encoder, i).reduce((sum, weight, j) => sum + weight * row(x, p)[j], 0),
    );
    const cut = [...h].sort((a, b) => b - a)[k - 1];
    return h.flatMap((value, i) =>
      value >= cut && value > 0 ? [[p, i, value] as [number, number, number]] : [],
    );
  }).flat();
}

describe("weights in a file", () => {
  it.each<[string, () => Uint8Array, boolean]>([
    ["float32", () => encodeSafetensors(weights()), true],
    ["float16", () => encodeSafetensors(weights("F16")), true],
    ["bfloat16", () => encodeSafetensors(weights("BF16")), true],
    ["float32 by SAELens", () => encodeSafetensors(turned()), true],
    ["float16 by SAELens", () => encodeSafetensors(turned("F16")), true],
    ["float32 by SAELens that is not aligned", () => shifted(encodeSafetensors(turned())), false],
    ["float32 that is not aligned", () => shifted(encodeSafetensors(weights())), false],
  ])("of %s are read where they lie", async (name, bytes, inPlace) => {
    const coder = await loadSparseCoder(await write(name, bytes()));
    expect(coder.tail?.weightBytes).toBe(inPlace ? 0 : 4 * n * d);
    const found = await coder.encode(x);
    expect(Array.from(found.latents, (latent, i) => [found.positions[i], latent, found.values[i]])).toEqual(
      wantedLatents(),
    );
    for (const index of [0, 17, n - 1]) {
      expect(coder.decoderRow(index)).toEqual(row(decoder, index));
      expect(coder.encoderRow?.(index)).toEqual(row(encoder, index));
    }
    const decoded = await coder.decode(found);
    const direct = new Float32Array(30 * d);
    for (const [p, i, value] of wantedLatents()) {
      for (let j = 0; j < d; j++) direct[p * d + j] += value * row(decoder, i)[j];
    }
    for (let i = 0; i < direct.length; i++) expect(decoded.data[i]).toBeCloseTo(direct[i], 3);
    await coder.close();
  });

  it("and those of the model, from another folder, make one graph", async () => {
    const model = await loadModel("demo", { threads: 1 });
    const [rows, width] = [24, model.dModel];
    const biases = { b_enc: numbers(rows), b_dec: numbers(width) };
    const bytes = encodeSafetensors({ ...biases, W_enc: numbers(width, rows), W_dec: numbers(rows, width) });
    const coder = await loadSparseCoder(await write("SAELens of the demo", bytes));
    expect(coder.tail?.weightBytes).toBe(0);
    const ids = Int32Array.from({ length: 40 }, (_, i) => (i * 11) % model.tokenizer.vocabSize);
    const tokens = tensor(ids, [2, 20]);
    const together = await openBatchEncoder(model, [coder]);
    const [found] = await together.encode(tokens);
    const activations = await model.activations(tokens, [coder.hookpoint]);
    const wanted = await coder.encode(activations.get(coder.hookpoint) as Tensor);
    expect([found.positions, found.latents]).toEqual([wanted.positions, wanted.latents]);
    found.values.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted.values[i], 3);
    });
    await Promise.all([together, coder, model].map((part) => part.close()));
  });

  it("that have changed since are not mixed with what was read before", async () => {
    const bytes = encodeSafetensors(weights());
    for (const change of [
      (path: string) => writeFile(path, bytes.subarray(0, 500)),
      (path: string) => rm(path),
    ]) {
      const place = await write("changing", bytes);
      const coder = await loadSparseCoder(place);
      await change(join(place, "sae.safetensors"));
      expect(() => coder.decoderRow(0)).toThrow(FileError);
      expect(() => coder.decoderRow(0)).toThrow("it has changed since; load the sparse coder again");
      await expect(coder.encode(x)).rejects.toThrow("it has changed since");
      await coder.close();
    }
  });

  it.each([
    ["sparsify", "sae.safetensors", ["encoder.weight", "encoder.bias"]],
    ["SAELens", "sae_weights.safetensors", ["W_enc", "b_enc"]],
  ])("take about the memory that the runtime computes with: %s", { timeout: 120_000 }, async (...layout) => {
    const [name, weightsFile, [matrix, bias]] = layout;
    const [width, latents] = [768, 32_768];
    const place = join(folder, `large ${name}`, "layers.0");
    await mkdir(place, { recursive: true });
    const config = { architecture: "topk", k: 32, hook_name: "blocks.0.hook_resid_post" };
    await writeFile(join(place, "cfg.json"), JSON.stringify(config));
    // A file with holes: zeros that take no disk.
    let end = 0;
    const entry = (...shape: number[]) => {
      const start = end;
      end += 4 * shape.reduce((a, b) => a * b);
      return { dtype: "F32", shape, data_offsets: [start, end] };
    };
    const header = JSON.stringify({
      [matrix]: name === "SAELens" ? entry(width, latents) : entry(latents, width),
      [bias]: entry(latents),
      W_dec: entry(latents, width),
      b_dec: entry(width),
    }).padEnd(512);
    const file = await open(join(place, weightsFile), "w");
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(512n);
    await file.write(Buffer.concat([length, Buffer.from(header)]));
    await file.truncate(8 + 512 + end);
    await file.close();
    expect(end).toBeGreaterThan(200e6);
    const script = join(packageRoot(), "test", "sparse", "memory-of-coder.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--expose-gc",
      "--import",
      "tsx",
      script,
      place,
    ]);
    const { grown } = JSON.parse(stdout) as { grown: number };
    const prepacked = 4 * latents * width;
    expect(grown).toBeLessThan(1.7 * prepacked);
    console.log(`${name}: grown by ${(grown / prepacked).toFixed(2)} of what the runtime computes with`);
  });
});
