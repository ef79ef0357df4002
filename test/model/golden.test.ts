import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memorySource } from "../../src/formats/byte-source.js";
import { readFileBytes } from "../../src/formats/file-source.js";
import { decodeNpy } from "../../src/formats/npy.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { packageRoot } from "../../src/package-root.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { errorTable } from "../largest-error.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

/** Against PyTorch; float32 sums taken in another order differ by about 1e-5. */
const tolerance = 1e-4;
const table = errorTable();
afterAll(() => table.print("Activations against PyTorch"));

describe.skipIf(!hasRealData)(`stories260k, a Llama export ${needsRealData}`, () => {
  const golden = async (name: string) => decodeNpy(await readFileBytes(realData("golden", `${name}.npy`)));
  let model: SubjectModel;
  let tokens: Tensor<Int32Array>;
  const contexts = (count: number) => tensor(tokens.data.subarray(0, count * 128), [count, 128]);

  beforeAll(async () => {
    model = await loadModel(realData("stories260k"));
    tokens = (await golden("tokens")) as Tensor<Int32Array>;
  });
  afterAll(() => model?.close());

  it.each([
    ["layers.0", "hidden_0"],
    ["layers.1", "hidden_1"],
    ["layers.2", "hidden_2"],
    ["layers.3", "hidden_3"],
    ["layers.4", "hidden_4"],
    ["layers.2.mlp", "mlp_out_2"],
    ["layers.2.mlp.input", "mlp_in_2"],
    ["layers.2.mlp.neurons", "mlp_neurons_2"],
  ])("activations() at %s equal %s", async (hookpoint, file) => {
    const wanted = (await golden(file)) as Tensor;
    const found = (await model.activations(contexts(wanted.shape[0]), [hookpoint])).get(hookpoint) as Tensor;
    expect(found.shape).toEqual(wanted.shape);
    const error = table.note(`stories260k ${hookpoint} (${file}.npy)`, found.data, wanted.data);
    expect(error).toBeLessThan(tolerance);
  });

  it("logits() equal logits.npy", async () => {
    const wanted = (await golden("logits")) as Tensor;
    const found = await model.logits(contexts(wanted.shape[0]));
    expect(found.shape).toEqual(wanted.shape);
    expect(table.note("stories260k logits (logits.npy)", found.data, wanted.data)).toBeLessThan(tolerance);
  });
});

const demo = join(packageRoot(), "demo");

describe.skipIf(!existsSync(join(demo, "golden.safetensors")))("the demo model, a GPT-2 export", () => {
  it("activations() and logits() equal golden.safetensors", async () => {
    const model = await loadModel("demo");
    const file = await openSafetensors(
      memorySource(await readFileBytes(join(demo, "golden.safetensors")), "golden"),
    );
    const tokens = (await file.read("tokens")) as Tensor<Int32Array>;
    const hookpoints = model.hookpoints.map((h) => h.name).filter((name) => file.tensors.has(name));
    expect(hookpoints).toEqual(
      expect.arrayContaining([
        "layers.0",
        "layers.3",
        "layers.2.mlp",
        "layers.2.mlp.input",
        "layers.2.mlp.neurons",
      ]),
    );
    const found = await model.activations(tokens, hookpoints);
    for (const name of hookpoints) {
      const wanted = await file.float32(name);
      expect(found.get(name)?.shape).toEqual(wanted.shape);
      const error = table.note(`demo ${name}`, (found.get(name) as Tensor).data, wanted.data);
      expect(error).toBeLessThan(tolerance);
    }
    const logits = await model.logits(tokens);
    const [contexts, positions, vocab] = logits.shape;
    const last = Array.from({ length: contexts }, (_, c) => {
      const end = (c + 1) * positions * vocab;
      return [...logits.data.subarray(end - vocab, end)];
    });
    const wanted = (await file.float32("logits.last")).data;
    expect(table.note("demo logits.last", last.flat(), wanted)).toBeLessThan(tolerance);
    await model.close();
  });
});
