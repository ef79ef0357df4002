import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HookpointError } from "../../src/errors.js";
import { oppositeLatent } from "../../src/explain/opposite-latent.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { identityCoder, randomCoder } from "../../src/sparse/baseline-coders.js";
import { neuronCoder } from "../../src/sparse/neuron-coder.js";
import { pcaCoder } from "../../src/sparse/pca-coder.js";
import { randomRotation } from "../../src/sparse/random-rotation.js";
import { row, type Tensor, tensor } from "../../src/tensor.js";

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
    expect((await coder.decode(latents)).data).toEqual(x.data);
    expect(latents.latents.length).toBe(x.data.filter((value) => value !== 0).length);
    await coder.close();
  });
});

describe("neuronCoder()", () => {
  const place = "layers.1";

  it("has two latents for each neuron where both sides are asked for, the k largest of all kept", async () => {
    const coder = neuronCoder(model, place, { k: 5, bothSides: true });
    expect(coder).toMatchObject({ dSae: 2 * model.dModel, kind: "neurons 5 both sides" });
    const found = await coder.encode(x);
    expect(found.values.every((value) => value > 0)).toBe(true);
    const decoded = await coder.decode(found);
    for (let p = 0; p < 32; p++) {
      const input = x.data.subarray(p * model.dModel, (p + 1) * model.dModel);
      const cut = [...input].map(Math.abs).sort((a, b) => b - a)[4];
      const wanted = input.map((value) => (Math.abs(value) >= cut ? value : 0));
      expect(row(decoded, p)).toEqual(wanted);
    }
    expect(oppositeLatent(coder, 3)).toBe(model.dModel + 3);
    await coder.close();
  });

  it("reads along a rotation, which loses nothing", async () => {
    const rotation = randomRotation(model.dModel, 7);
    const coder = neuronCoder(model, place, { k: model.dModel, bothSides: true, rotation });
    const found = await coder.encode(x);
    const decoded = await coder.decode(found);
    for (let i = 0; i < x.data.length; i++) expect(decoded.data[i]).toBeCloseTo(x.data[i], 3);
    expect(coder.decoderRow(2)).toEqual(row(rotation, 2));
    expect(coder.decoderRow(model.dModel + 2)).toEqual(row(rotation, 2).map((value) => -value));
    const one = neuronCoder(model, place, { k: 4, rotation });
    const another = neuronCoder(model, place, { k: 4, rotation: randomRotation(model.dModel, 8) });
    expect(one.dSae).toBe(model.dModel);
    expect(new Set([coder.hash, one.hash, another.hash]).size).toBe(3);
    await Promise.all([coder, one, another].map((c) => c.close()));
  });

  it("refuses a rotation that is none, or of another width", () => {
    const stretched = randomRotation(model.dModel);
    stretched.data[0] += 0.5;
    for (const rotation of [stretched, randomRotation(8)]) {
      expect(() => neuronCoder(model, place, { rotation })).toThrow(
        `is not orthogonal of width ${model.dModel}; randomRotation(${model.dModel}) makes one`,
      );
    }
  });
});

describe("randomRotation()", () => {
  it("is orthogonal, the same for a seed, with entries as a random direction has them", () => {
    const { data } = randomRotation(96, "a");
    for (let i = 0; i < 96; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0;
        for (let m = 0; m < 96; m++) product += data[i * 96 + m] * data[j * 96 + m];
        expect(product).toBeCloseTo(i === j ? 1 : 0, 5);
      }
    }
    const scaled = [...data].map((value) => value * Math.sqrt(96));
    const fourth = scaled.reduce((sum, value) => sum + value ** 4, 0) / scaled.length;
    expect(Math.abs(fourth - 3)).toBeLessThan(0.2);
    expect(randomRotation(96, "a").data).toEqual(data);
    expect(randomRotation(96, "b").data).not.toEqual(data);
    expect(() => randomRotation(0)).toThrow("a whole number from 1 is wanted");
  });
});

describe("pcaCoder()", () => {
  it("finds the axes of a cloud, the longest first, and explains what they explain", async () => {
    const { dModel } = model;
    const axes = randomRotation(dModel, "axes");
    const noise = randomRotation(dModel, "noise").data;
    const count = 4 * dModel;
    const cloud = tensor(new Float32Array(count * dModel).fill(1), [count, dModel]);
    // Three axes of deviations 9, 6 and 3 around a mean of ones; the rest is 1,000 times as small.
    for (let p = 0; p < count; p++) {
      for (let a = 0; a < dModel; a++) {
        const size = (a < 3 ? 9 - 3 * a : 0.003) * (p % 2 ? 1 : -1) ** (p >> (a % 5));
        const along = size * noise[(p * 31 + a * 17) % noise.length] * Math.sqrt(dModel);
        for (let j = 0; j < dModel; j++) cloud.data[p * dModel + j] += along * axes.data[a * dModel + j];
      }
    }
    const coder = await pcaCoder(model, "layers.1", { activations: cloud, components: 3, threads: 1 });
    expect(coder).toMatchObject({ dSae: 6, kind: "topk 3" });
    for (let i = 0; i < 3; i++) {
      const cosine = coder.decoderRow(i).reduce((sum, value, j) => sum + value * row(axes, i)[j], 0);
      expect(Math.abs(cosine)).toBeGreaterThan(0.9);
    }
    const decoded = await coder.decode(await coder.encode(cloud));
    let error = 0;
    for (let i = 0; i < cloud.data.length; i++) error += (decoded.data[i] - cloud.data[i]) ** 2;
    expect(error / cloud.data.length).toBeLessThan(1e-3);
    await coder.close();
  });

  it("refuses too few positions, too many components, activations of another width", async () => {
    const rows = (count: number, width: number) =>
      tensor(new Float32Array(count * width).fill(1), [count, width]);
    const fitted = (activations: Tensor, components?: number) =>
      pcaCoder(model, "layers.1", { activations, components });
    await expect(fitted(rows(20, model.dModel))).rejects.toThrow("on 20 positions");
    await expect(fitted(rows(1000, model.dModel), model.dModel + 1)).rejects.toThrow(
      "components and more than",
    );
    await expect(fitted(rows(9, 3))).rejects.toThrow(`[9, 3], [..., ${model.dModel}] is wanted`);
    await expect(pcaCoder(model, "layers.99", { activations: rows(9, 3) })).rejects.toThrow(HookpointError);
  });
});
