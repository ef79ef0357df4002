import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError, HookpointError } from "../../src/errors.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { packageRoot } from "../../src/package-root.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { moveWeightsOut } from "./move-weights-out.js";

const demo = join(packageRoot(), "demo", "model");

function someTokens(contexts: number, positions: number): Tensor<Int32Array> {
  const data = Int32Array.from({ length: contexts * positions }, (_, i) => (i * 7919) % 2048);
  return tensor(data, [contexts, positions]);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}

describe("the demo model", () => {
  let model: SubjectModel;
  beforeAll(async () => {
    model = await loadModel("demo");
  });
  afterAll(() => model.close());

  it("has hookpoints in the order of computation, with widths and TransformerLens' names", () => {
    expect(model.hookpoints.slice(0, 7)).toMatchObject([
      { name: "embed", alias: "hook_embed", width: 128 },
      { name: "layers.0.attention.heads", alias: "blocks.0.attn.hook_z", width: 128 },
      { name: "layers.0.attention", alias: "blocks.0.hook_attn_out", width: 128 },
      { name: "layers.0.mlp.input", alias: undefined, width: 128 },
      { name: "layers.0.mlp.neurons", alias: "blocks.0.mlp.hook_post", width: 512 },
      { name: "layers.0.mlp", alias: "blocks.0.hook_mlp_out", width: 128 },
      { name: "layers.0", alias: "blocks.0.hook_resid_post", width: 128 },
    ]);
    expect(model).toMatchObject({ name: "demo", dModel: 128, contextLength: 128 });
    expect(model.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("activations() add up: each block is the one before plus its attention plus its MLP", async () => {
    const names = model.hookpoints.map((h) => h.name);
    const found = await model.activations(someTokens(3, 20), names);
    for (let n = 1; n < 4; n++) {
      const [before, attention, mlp, after] = [
        `layers.${n - 1}`,
        `layers.${n}.attention`,
        `layers.${n}.mlp`,
        `layers.${n}`,
      ].map((name) => (found.get(name) as Tensor).data);
      const sum = before.map((x, i) => x + attention[i] + mlp[i]);
      expect(largestDifference(sum, after)).toBeLessThan(1e-4);
    }
  });

  it("activations() do not depend on how contexts are batched", async () => {
    const tokens = someTokens(40, 60);
    const all = (await model.activations(tokens, ["layers.1"])).get("layers.1") as Tensor;
    expect(all.shape).toEqual([40, 60, 128]);
    const one = tensor(tokens.data.subarray(39 * 60), [1, 60]);
    const last = (await model.activations(one, ["layers.1"])).get("layers.1") as Tensor;
    expect(largestDifference(all.data.subarray(39 * 60 * 128), last.data)).toBeLessThan(1e-4);
  });

  it("activations() take TransformerLens' names too, and answer by ours", async () => {
    const found = await model.activations(someTokens(1, 5), ["blocks.2.hook_resid_post"]);
    expect([...found.keys()]).toEqual(["layers.2"]);
  });

  it("activations() of no contexts are empty", async () => {
    const found = (await model.activations(someTokens(0, 5), ["layers.2"])).get("layers.2");
    expect(found?.shape).toEqual([0, 5, 128]);
  });

  it("activations() let timers run between batches", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await model.activations(someTokens(64, 128), ["layers.3"]);
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(4);
  });

  it("activations() refuse an unknown hookpoint and say what there is", async () => {
    const error = await model.activations(someTokens(1, 5), ["layers.9"]).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HookpointError);
    expect((error as Error).message).toBe(
      'Cannot read hookpoint "layers.9" of "demo": the model has layers.0 to layers.3; choose one of model.hookpoints',
    );
    expect((error as HookpointError).available).toContain("layers.3.mlp.neurons");
  });

  it("activations() refuse contexts that are too long, foreign ids, and wrong shapes", async () => {
    const run = (tokens: Tensor<Int32Array>) => model.activations(tokens, ["layers.0"]);
    await expect(run(someTokens(1, 129))).rejects.toThrow(
      new RangeError('Cannot run "demo" on contexts of 129 tokens: it takes at most 128; cut them shorter'),
    );
    await expect(run(tensor(Int32Array.of(5000), [1, 1]))).rejects.toThrow(
      new RangeError('Cannot run "demo" on token 5000: its ids are 0 to 2047; use its own tokenizer'),
    );
    await expect(run(tensor(new Int32Array(4), [4]))).rejects.toThrow("[context, position] is wanted");
  });
});

describe("loadModel()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-model-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function copyOf(name: string, files: readonly string[]): Promise<string> {
    const target = join(folder, name);
    await mkdir(target);
    for (const file of files) await copyFile(join(demo, file), join(target, file));
    return target;
  }

  it("refuses a folder that is not there", async () => {
    const path = join(folder, "nowhere");
    const error = await loadModel(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toContain(`Cannot load the model "${path}": there is no folder`);
  });

  it("refuses a folder without a graph or without a tokenizer", async () => {
    await expect(loadModel(await copyOf("no-graph", ["tokenizer.json"]))).rejects.toThrow(
      "it has neither model.onnx nor onnx/model.onnx",
    );
    await expect(loadModel(await copyOf("no-tokenizer", ["model.onnx"]))).rejects.toThrow(
      /Cannot open ".*tokenizer\.json": there is no such file/,
    );
  });

  it("refuses a graph that is cut short or something else", async () => {
    const cut = await copyOf("cut", ["model.onnx", "tokenizer.json", "config.json"]);
    await truncate(join(cut, "model.onnx"), 100_000);
    await expect(loadModel(cut)).rejects.toThrow(/Cannot read ".*model\.onnx" as an ONNX model: .*cut short/);
    await writeFile(join(cut, "model.onnx"), "<html>Not Found</html>");
    await expect(loadModel(cut)).rejects.toThrow(FileError);
    await writeFile(join(cut, "model.onnx"), "");
    await expect(loadModel(cut)).rejects.toThrow("it holds no graph");
  });

  it("refuses a tokenizer that is damaged or of an unknown kind", async () => {
    const broken = await copyOf("broken", ["model.onnx", "config.json"]);
    await writeFile(join(broken, "tokenizer.json"), "{");
    await expect(loadModel(broken)).rejects.toThrow("it is not JSON");
    await writeFile(join(broken, "tokenizer.json"), "{}");
    await expect(loadModel(broken)).rejects.toThrow(/Cannot read the tokenizer ".*tokenizer\.json"/);
  });

  it("refuses a configuration that does not fit the graph", async () => {
    const odd = await copyOf("odd", ["model.onnx", "tokenizer.json"]);
    await writeFile(join(odd, "config.json"), JSON.stringify({ n_layer: 7 }));
    await expect(loadModel(odd)).rejects.toThrow("found 4 blocks, wanted the 7 of its configuration");
  });

  it("reads weights from a file beside the graph, and its hash depends on them", async () => {
    const outside = await copyOf("outside", ["tokenizer.json", "config.json"]);
    const { graph, weights } = moveWeightsOut(await readFile(join(demo, "model.onnx")), "model.onnx_data");
    await writeFile(join(outside, "model.onnx"), graph);
    await writeFile(join(outside, "model.onnx_data"), weights);
    expect(graph.length).toBeLessThan(0.2 * weights.length);
    const [moved, original] = await Promise.all([loadModel(outside), loadModel("demo")]);
    const [a, b] = await Promise.all(
      [moved, original].map((m) => m.activations(someTokens(2, 9), ["layers.3"])),
    );
    expect((a.get("layers.3") as Tensor).data).toEqual((b.get("layers.3") as Tensor).data);
    await Promise.all([moved.close(), original.close()]);

    weights[weights.length - 1] ^= 1;
    await writeFile(join(outside, "model.onnx_data"), weights);
    const changed = await loadModel(outside);
    expect(changed.hash).not.toBe(moved.hash);
    await rm(join(outside, "model.onnx_data"));
    await expect(loadModel(outside)).rejects.toThrow(
      /Cannot open ".*model\.onnx_data": there is no such file/,
    );
  });

  it("follows links, as the hub's cache has them, to the graph and to its weights", async () => {
    const blobs = await copyOf("blobs", []);
    const linked = await copyOf("linked", ["tokenizer.json", "config.json"]);
    const { graph, weights } = moveWeightsOut(await readFile(join(demo, "model.onnx")), "model.onnx_data");
    await writeFile(join(blobs, "aaa"), graph);
    await writeFile(join(blobs, "bbb"), weights);
    await symlink(join("..", "blobs", "aaa"), join(linked, "model.onnx"));
    await symlink(join("..", "blobs", "bbb"), join(linked, "model.onnx_data"));
    const model = await loadModel(linked);
    expect((await model.activations(someTokens(1, 5), ["layers.1"])).size).toBe(1);
    await model.close();
  });

  it("keeps no weights in JavaScript's memory, and notices when the file changes", async () => {
    const folder = await copyOf("changing", ["model.onnx", "tokenizer.json", "config.json"]);
    const model = await loadModel(folder);
    await model.activations(someTokens(1, 5), ["layers.1"]);
    const bytes = await readFile(join(folder, "model.onnx"));
    await writeFile(join(folder, "model.onnx"), Buffer.concat([bytes, Buffer.alloc(1)]));
    await expect(model.activations(someTokens(1, 5), ["layers.2"])).rejects.toThrow(
      /Cannot read the weights of ".*changing": ".*model\.onnx" has changed since; load the model again/,
    );
    await model.close();
  });

  it("needs no configuration", async () => {
    const bare = await loadModel(await copyOf("bare", ["model.onnx", "tokenizer.json"]));
    expect(bare).toMatchObject({ name: "bare", dModel: 128, contextLength: Number.POSITIVE_INFINITY });
    await bare.close();
  });
});
