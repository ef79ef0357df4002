import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HookpointError } from "../../src/errors.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { activationsOf } from "../../src/sparse/activations-of.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";

let model: SubjectModel;
let coder: SparseCoder;
beforeAll(async () => {
  [model, coder] = await Promise.all([loadModel("demo"), loadSparseCoder("demo/layers.2.wide")]);
});
afterAll(() => Promise.all([model.close(), coder.close()]));

const texts = [
  "The cat sat on the mat and looked at the rain.",
  "",
  "Yes.",
  "She had two dogs, a cow and a hen in March.",
];

/** All that fires in one text, by itself. */
async function alone(text: string): Promise<Map<number, Float32Array>> {
  const ids = [
    ...(model.tokenizer.bosId === undefined ? [] : [model.tokenizer.bosId]),
    ...model.tokenizer.encode(text),
  ];
  const first = ids.length - model.tokenizer.encode(text).length;
  const values = await model.activations(tensor(Int32Array.from(ids), [1, ids.length]), [coder.hookpoint]);
  const sparse = await coder.encode(values.get(coder.hookpoint) as Tensor);
  const found = new Map<number, Float32Array>();
  sparse.positions.forEach((position, i) => {
    if (position < first) return;
    const latent = sparse.latents[i];
    const activations = found.get(latent) ?? new Float32Array(ids.length - first);
    activations[position - first] = sparse.values[i];
    found.set(latent, activations);
  });
  return found;
}

describe("activationsOf()", () => {
  it("is what each text gives by itself, whatever it is run with", async () => {
    const expected = await Promise.all(texts.filter(Boolean).map(alone));
    const latents = [...new Set(expected.flatMap((found) => [...found.keys()]))];
    expect(latents.length).toBeGreaterThan(20);
    const found = await activationsOf({ model, coder }, texts, { latents });
    expect(found.map(({ pieces }) => pieces.join(""))).toEqual(texts);
    expect(found[1]?.activations.every(({ length }) => length === 0)).toBe(true);
    let firing = 0;
    found
      .filter(({ pieces }) => pieces.length > 0)
      .forEach(({ activations }, text) => {
        latents.forEach((latent, i) => {
          const wanted = expected[text]?.get(latent) ?? new Float32Array(activations[i]?.length ?? 0);
          activations[i]?.forEach((value, position) => {
            expect(value).toBeCloseTo(wanted[position] ?? Number.NaN, 3);
            if (value > 0) firing++;
          });
        });
      });
    expect(firing).toBeGreaterThan(100);
  });

  it("cuts texts at the model's length, and says so", async () => {
    const [long, short] = await activationsOf({ model, coder }, ["cat ".repeat(500), "cat"], {
      latents: [0],
    });
    expect(long).toMatchObject({ cut: true });
    expect(long?.pieces.length).toBe(model.contextLength - (model.tokenizer.bosId === undefined ? 0 : 1));
    expect(short).toMatchObject({ cut: false });
  });

  it("refuses latents that do not exist, coders that do not fit, and stops", async () => {
    await expect(activationsOf({ model, coder }, texts, { latents: [coder.dSae] })).rejects.toThrow(
      RangeError,
    );
    const stranger = { ...coder, hookpoint: "layers.99", dModel: 7 };
    await expect(activationsOf({ model, coder: stranger }, texts, { latents: [0] })).rejects.toThrow(
      HookpointError,
    );
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(activationsOf({ model, coder }, texts, { latents: [0], signal })).rejects.toThrow("enough");
  });
});
