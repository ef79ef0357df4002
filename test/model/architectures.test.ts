import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { memorySource } from "../../src/formats/byte-source.js";
import { readFileBytes } from "../../src/formats/file-source.js";
import { readJsonFile } from "../../src/formats/json-file.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
import { openOnnxModel } from "../../src/model/onnx/onnx-model.js";
import { packageRoot } from "../../src/package-root.js";
import type { Tensor } from "../../src/tensor.js";
import { errorTable } from "../largest-error.js";

const folder = process.env.SAELAB_ARCHITECTURES;
const families = folder ? readdirSync(folder) : ["every family"];
const table = errorTable();
afterAll(() => table.print("Hookpoints of exports against PyTorch"));

describe.skipIf(!folder)("hookpoints of many families (needs test/model/architectures.py)", () => {
  it.each(families)("%s", async (family) => {
    const path = join(folder as string, family);
    const config = (await readJsonFile(join(path, "config.json"))) as Record<string, number>;
    const model = await openOnnxModel(join(path, "model.onnx"), {
      name: family,
      tokenizer: await loadTokenizer(join(packageRoot(), "demo", "model")),
      contextLength: 64,
      vocabSize: 97,
      layers: config.num_hidden_layers ?? config.n_layer ?? config.num_layers,
      dModel: config.hidden_size ?? config.n_embd,
    });
    const golden = await openSafetensors(
      memorySource(await readFileBytes(join(path, "golden.safetensors")), family),
    );
    const tokens = (await golden.read("tokens")) as Tensor<Int32Array>;
    const found = await model.activations(
      tokens,
      model.hookpoints.map((h) => h.name),
    );
    found.set("logits", await model.logits(tokens));
    const wanted = [...golden.tensors.keys()].filter((name) => name !== "tokens");
    expect(wanted.length).toBeGreaterThan(5);
    let worst = 0;
    for (const name of wanted) {
      const { data, shape } = await golden.float32(name);
      expect(found.get(name)?.shape, name).toEqual(shape);
      const largest = data.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
      const relative = (found.get(name) as Tensor).data.map((x) => x / largest);
      const error = table.note(
        `${family} ${name}`,
        relative,
        data.map((x) => x / largest),
      );
      worst = Math.max(worst, error);
    }
    expect(worst).toBeLessThan(1e-5);
    await model.close();
  });
});
