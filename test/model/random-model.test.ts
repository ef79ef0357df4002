/** Models whose weights are drawn anew, wherever the trained ones lie. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { loadModel } from "../../src/model/load-model.js";
import { decodeGraph, replaceInitializers } from "../../src/model/onnx/graph.js";
import { bytesField, decodeMessage, varintField } from "../../src/model/onnx/protobuf.js";
import { redrawBytes, weightCodecs } from "../../src/model/onnx/redraw-tensor.js";
import { writeRandomModel } from "../../src/model/write-random-model.js";
import { packageRoot } from "../../src/package-root.js";
import { seededRandom } from "../../src/random.js";
import { tensor } from "../../src/tensor.js";
import { moveWeightsOut } from "./move-weights-out.js";

const root = mkdtempSync(join(tmpdir(), "saelab-random-model-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const demo = join(packageRoot(), "demo", "model");

/** A folder with the demo's tokenizer and another graph. */
function folderWith(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const file of ["config.json", "tokenizer.json", "tokenizer_config.json"]) {
    if (existsSync(join(demo, file))) copyFileSync(join(demo, file), join(folder, file));
  }
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  return folder;
}

async function activations(source: string): Promise<Float32Array> {
  const model = await loadModel(source);
  const tokens = tensor(
    Int32Array.from({ length: 32 }, (_, i) => 3 * i),
    [1, 32],
  );
  const found = (await model.activations(tokens, ["layers.2"])).get("layers.2");
  await model.close();
  return found?.data ?? new Float32Array(0);
}

const quiet = { onProgress: false } as const;

describe("writeRandomModel()", () => {
  it("draws the same weights from a graph with its weights inside and beside it", async () => {
    const { graph, weights } = moveWeightsOut(readFileSync(join(demo, "model.onnx")), "weights.bin", 64);
    const beside = folderWith("beside", {
      "model.onnx": graph,
      "weights.bin": Buffer.concat([Buffer.alloc(64), weights]),
    });
    await writeRandomModel("demo", join(root, "a"), quiet);
    await writeRandomModel(beside, join(root, "b"), quiet);
    await writeRandomModel("demo", join(root, "c"), { ...quiet, seed: 23 });
    const [a, b, c, trained] = await Promise.all(
      [join(root, "a"), join(root, "b"), join(root, "c"), "demo"].map(activations),
    );
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect(a).not.toEqual(trained);
    expect(a.every(Number.isFinite)).toBe(true);
    // No weight stays in the graph, so that the model need not fit the memory.
    expect(statSync(join(root, "b", "model.onnx")).size).toBeLessThan(1 << 20);
    expect(statSync(join(root, "b", "model.onnx_data")).size).toBe(weights.length);
  }, 60_000);

  it.each([
    [1, "float32", 1e-6],
    [10, "float16", 1e-3],
    [16, "bfloat16", 1e-2],
  ])("keeps mean and deviation of a tensor of ONNX type %i, %s", (type, _, precision) => {
    const codec = weightCodecs[type];
    const random = seededRandom(1);
    const numbers = Float32Array.from({ length: 50_000 }, () => 2 + random.random());
    const written = codec.write(numbers);
    const drawn = codec.read(
      redrawBytes(new Uint8Array(written.buffer), codec, seededRandom(2)).slice().buffer,
    );
    const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length;
    const deviation = Math.sqrt(drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / drawn.length);
    // Uniform on [2, 3]: standard errors of the two are 0.0013 and 0.0009.
    expect(Math.abs(mean - 2.5)).toBeLessThan(0.006 + precision);
    expect(Math.abs(deviation - Math.sqrt(1 / 12))).toBeLessThan(0.004 + precision);
    expect(drawn.some((x) => x < 2 || x > 3)).toBe(true);
  });

  it("refuses weights that it cannot draw, which would stay trained", async () => {
    const graph = decodeGraph(readFileSync(join(demo, "model.onnx")));
    const largest = [...graph.initializers.values()].reduce((a, b) =>
      b.shape.reduce((n, m) => n * m, 1) > a.shape.reduce((n, m) => n * m, 1) ? b : a,
    );
    const bytes = replaceInitializers(graph, ({ name, field }) =>
      name !== largest.name
        ? field
        : bytesField(
            field.number,
            decodeMessage(field.payload).map((part) => (part.number === 2 ? varintField(2, 3) : part)),
          ),
    );
    const folder = folderWith("int8", { "model.onnx": bytes });
    await expect(writeRandomModel(folder, join(root, "refused"), quiet)).rejects.toThrow(
      `its "${largest.name}" is of ONNX type 3; export the model with weights in float32, float16 or bfloat16`,
    );
    expect(existsSync(join(root, "refused"))).toBe(false);
  });

  it("refuses a model that is larger than is wanted, before it writes anything", async () => {
    const small = writeRandomModel("demo", join(root, "large"), { ...quiet, maxBytes: 1e6 });
    await expect(small).rejects.toThrow(/they take 5\.3 MB, and at most 1\.0 MB are wanted/);
    expect(existsSync(join(root, "large"))).toBe(false);
  });

  it("stops when it is told to, and leaves no model", async () => {
    const stop = AbortSignal.abort(new Error("enough"));
    const stopped = writeRandomModel("demo", join(root, "stopped"), { ...quiet, signal: stop });
    await expect(stopped).rejects.toThrow("enough");
    expect(existsSync(join(root, "stopped", "model.onnx"))).toBe(false);
  });

  it("is given a loaded model's folder, which a notebook does not show", async () => {
    const model = await loadModel("demo");
    expect(model.folder).toBe(demo);
    expect(inspect(model)).not.toContain(demo);
  });
});
