import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HookpointError } from "../../src/errors.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { identityCoder, randomCoder } from "../../src/sparse/baseline-coders.js";
import { type Tensor, tensor } from "../../src/tensor.js";

let model: SubjectModel;
let x: Tensor;
beforeAll(async () => {
  model = await loadModel("demo", { threads: 1 });
  const tokens = tensor(
    Int32Array.from({ length: 32 }, (_, i) => (i * 7) % model.tokenizer.vocabSize),
    [1, 32],
  );
  x = (await model.activations(tokens, ["layers.1"])).get("layers.1") as Tensor;
});
afterAll(() => model?.close());

describe("randomCoder()", () => {
  it("has Gaussian directions of length 1, the same for a seed", async () => {
    const coder = randomCoder(model, "layers.1", { dSae: 500, k: 8, seed: 5 });
    expect(coder).toMatchObject({ kind: "topk 8", dSae: 500, dModel: model.dModel, hookpoint: "layers.1" });
    const rows = Array.from({ length: 500 }, (_, i) => coder.decoderRow(i));
    for (const row of rows) expect(Math.hypot(...row)).toBeCloseTo(1, 5);
    // Components of a random direction have mean 0, variance 1/d, and a Gaussian's fourth moment (nearly).
    const all = rows.flatMap((row) => [...row]).map((value) => value * Math.sqrt(model.dModel));
    const moment = (p: number) => all.reduce((sum, value) => sum + value ** p, 0) / all.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.03);
    expect(Math.abs(moment(4) / moment(2) ** 2 - 3)).toBeLessThan(0.2);
    const again = randomCoder(model, "layers.1", { dSae: 500, k: 8, seed: 5 });
    const other = randomCoder(model, "layers.1", { dSae: 500, k: 8, seed: 6 });
    expect(again.hash).toBe(coder.hash);
    expect(again.decoderRow(7)).toEqual(coder.decoderRow(7));
    expect(other.hash).not.toBe(coder.hash);
    expect(other.decoderRow(7)).not.toEqual(coder.decoderRow(7));
    await Promise.all([coder, again, other].map((c) => c.close()));
  });

  it("keeps the k largest projections", async () => {
    const coder = randomCoder(model, "layers.1", { dSae: 100, k: 3 });
    const { latents, values, positions } = await coder.encode(x);
    const first = x.data.subarray(0, model.dModel);
    const wanted = Array.from({ length: 100 }, (_, i) =>
      coder.decoderRow(i).reduce((sum, value, j) => sum + value * first[j], 0),
    );
    const best = wanted.map((_, i) => i).sort((a, b) => wanted[b] - wanted[a]);
    const kept = [...latents].filter((_, i) => positions[i] === 0);
    expect(kept).toEqual(best.slice(0, 3).sort((a, b) => a - b));
    kept.forEach((latent, i) => {
      expect(values[i]).toBeCloseTo(wanted[latent], 4);
    });
    await coder.close();
  });

  it("refuses unknown hookpoints and impossible sizes", () => {
    expect(() => randomCoder(model, "layers.99")).toThrow(HookpointError);
    expect(() => randomCoder(model, "layers.1", { dSae: 4, k: 5 })).toThrow("it keeps 5 of 4 latents");
    expect(() => randomCoder(model, "layers.1", { dSae: 0 })).toThrow("whole numbers from 1 are wanted");
  });
});

describe("identityCoder()", () => {
  it("loses nothing", async () => {
    const coder = identityCoder(model, "layers.1");
    const latents = await coder.encode(x);
    expect(coder).toMatchObject({ kind: "identity", dSae: 2 * model.dModel });
    expect(coder.decode(latents).data).toEqual(x.data);
    expect(latents.latents.length).toBe(x.data.filter((value) => value !== 0).length);
    await coder.close();
  });
});
