import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Tokenizer } from "@huggingface/tokenizers";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { generateDocuments } from "../../demo/world/index.js";
import { openFile } from "../../src/formats/file-source.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import type { TensorFile } from "../../src/formats/tensor-file.js";

const demo = fileURLToPath(new URL("../../demo/", import.meta.url));
const metrics = JSON.parse(readFileSync(`${demo}metrics.json`, "utf8"));
const sums = readFileSync(`${demo}SHA256SUMS`, "utf8").trim().split("\n");
const files = sums
  .filter((line) => !line.startsWith("#"))
  .map((line) => line.split("  ") as [string, string]);

function readJson(name: string) {
  return JSON.parse(readFileSync(`${demo}${name}`, "utf8"));
}

describe("demo artifacts", () => {
  it.each(files.map(([hash, name]) => ({ hash, name })))(
    "$name has the hash in SHA256SUMS",
    ({ hash, name }) => {
      const bytes = readFileSync(`${demo}${name}`);
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(hash);
    },
  );

  it("weigh 12 MB at most", () => {
    const bytes = files.reduce((sum, [, name]) => sum + statSync(`${demo}${name}`).size, 0);
    expect(bytes).toBeLessThanOrEqual(12_000_000);
  });

  it("predict text clearly better than a trigram model", () => {
    const { validation_loss, trigram_validation_loss } = metrics.model;
    expect(trigram_validation_loss - validation_loss).toBeGreaterThan(0.2);
  });

  it.each(Object.keys(metrics.saes))("%s reconstructs and lives", (name) => {
    const { fvu, dead, l0, loss_clean, loss_spliced, loss_mean } = metrics.saes[name];
    expect(fvu).toBeLessThan(0.25);
    expect(dead).toBeLessThan(0.1);
    expect(l0).toBeLessThanOrEqual(8);
    expect(loss_spliced - loss_clean).toBeLessThan(0.25 * (loss_mean - loss_clean));
  });
});

describe("the demo tokenizer", () => {
  it("splits text as it was split for training", async () => {
    const tokenizer = new Tokenizer(
      readJson("model/tokenizer.json"),
      readJson("model/tokenizer_config.json"),
    );
    const golden = await openSafetensors(await openFile(`${demo}golden.safetensors`));
    const texts = [...generateDocuments({ seed: "validation", count: 3 })].map((document) => document.text);
    const ids = texts.flatMap((text) => tokenizer.encode(text, { add_special_tokens: false }).ids);
    const wanted = [
      [0, ...ids.slice(0, 15)],
      [0, ...ids.slice(127, 142)],
    ];
    expect([...(await golden.read("tokens")).data].map(Number)).toEqual(wanted.flat());
  });

  it("gives back the text it was given", () => {
    const tokenizer = new Tokenizer(
      readJson("model/tokenizer.json"),
      readJson("model/tokenizer_config.json"),
    );
    for (const { text } of generateDocuments({ seed: "any", count: 40 })) {
      expect(tokenizer.decode(tokenizer.encode(text, { add_special_tokens: false }).ids)).toBe(text);
    }
  });
});

describe("the demo model", () => {
  let session: InferenceSession;
  let golden: TensorFile;

  beforeAll(async () => {
    session = await InferenceSession.create(`${demo}model/model.onnx`);
    golden = await openSafetensors(await openFile(`${demo}golden.safetensors`));
  });

  it("has the inputs and the output of a plain export", () => {
    expect(session.inputNames).toEqual(["input_ids", "attention_mask", "position_ids"]);
    expect(session.outputNames).toEqual(["logits"]);
  });

  it("computes PyTorch's logits to 1e-4", async () => {
    const tokens = BigInt64Array.from([...(await golden.read("tokens")).data], BigInt);
    const positions = BigInt64Array.from({ length: 32 }, (_, i) => BigInt(i % 16));
    const int64 = (data: BigInt64Array) => new Tensor("int64", data, [2, 16]);
    const { logits } = await session.run({
      input_ids: int64(tokens),
      attention_mask: int64(new BigInt64Array(32).fill(1n)),
      position_ids: int64(positions),
    });
    const all = logits?.data as Float32Array;
    const wanted = (await golden.read("logits.last")).data;
    let worst = 0;
    for (const row of [0, 1]) {
      const start = (row * 16 + 15) * 2048;
      for (let i = 0; i < 2048; i++) {
        worst = Math.max(worst, Math.abs(Number(wanted[row * 2048 + i]) - (all[start + i] ?? Number.NaN)));
      }
    }
    expect(worst).toBeLessThan(1e-4);
  });
});
