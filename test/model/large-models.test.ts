/** Models above 2 GB, in files that are mostly holes: they take no room on the disk. */
import { copyFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.js";
import { loadModel } from "../../src/model/load-model.js";
import { packageRoot } from "../../src/package-root.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { moveWeightsOut } from "./move-weights-out.js";

const demo = join(packageRoot(), "demo", "model");
/** A multiple of what files are mapped by. */
const twoGigabytes = 2 ** 31 + 2 ** 20;

// Two gigabytes of holes are hashed like any other bytes: some seconds, more on a busy machine.
describe("models above 2 GB", { timeout: 300_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-large-"));
    for (const name of ["tokenizer.json", "config.json"])
      await copyFile(join(demo, name), join(folder, name));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("keep their weights beside the graph: those behind the second gigabyte are found", async () => {
    const { graph, weights } = moveWeightsOut(
      await readFile(join(demo, "model.onnx")),
      "model.onnx_data",
      twoGigabytes,
    );
    await writeFile(join(folder, "model.onnx"), graph);
    const file = await open(join(folder, "model.onnx_data"), "w");
    await file.write(weights, 0, weights.length, twoGigabytes);
    await file.close();
    const { size, blocks } = await stat(join(folder, "model.onnx_data"));
    expect(size).toBeGreaterThan(2 ** 31);
    expect(512 * blocks).toBeLessThan(2 * weights.length);

    const tokens = tensor(Int32Array.of(5, 6, 7, 8), [1, 4]);
    const [large, plain] = [await loadModel(folder), await loadModel("demo")];
    const before = process.memoryUsage().rss;
    const [a, b] = await Promise.all([large, plain].map((model) => model.activations(tokens, ["layers.0"])));
    expect((a.get("layers.0") as Tensor).data).toEqual((b.get("layers.0") as Tensor).data);
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 29);
    await Promise.all([large.close(), plain.close()]);
  });

  it("are refused with the weights inside, which the format cannot hold", async () => {
    const path = join(folder, "model.onnx");
    await truncate(path, twoGigabytes);
    await expect(loadModel(folder)).rejects.toThrow(FileError);
    await expect(loadModel(folder)).rejects.toThrow(
      `Cannot read "${path}" as an ONNX model: it has ${twoGigabytes} bytes, and the format ends at 2147483647; export it with its weights in a file beside it (external data)`,
    );
  });
});
