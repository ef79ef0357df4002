import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { minimalEdits } from "../../src/examples/minimal-edits.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import type { Latent } from "../../src/latent.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { seededRandom } from "../../src/random.js";
import { activationsOf } from "../../src/sparse/activations-of.js";
import { encodeTokens } from "../../src/sparse/joined-hookpoints.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { encodeTorch } from "../sparse/torch-file.js";

const [d, dSae] = [128, 300];
const read = ["layers.1", "layers.3"];
const { random } = seededRandom("crosscoder");
const numbers = (...shape: number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5),
    shape,
  );
/** Of two places, as dictionary_learning keeps them. */
const weights = {
  "encoder.weight": numbers(2, d, dSae),
  "encoder.bias": numbers(dSae),
  "decoder.weight": numbers(2, dSae, d),
  "decoder.bias": numbers(2, d),
};

let root: string;
let model: SubjectModel;
let coder: SparseCoder;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "saelab-crosscoders-"));
  model = await loadModel("demo");
  coder = await written("trainer_0", weights);
});
afterAll(async () => {
  await Promise.all([model.close(), coder.close()]);
  rmSync(root, { recursive: true, force: true });
});

async function written(name: string, tensors: typeof weights): Promise<SparseCoder> {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "ae.pt"), encodeTorch(tensors));
  const trainer = { dict_class: "CrossCoder", activation_dim: d, dict_size: dSae, layer: 1 };
  writeFileSync(join(folder, "config.json"), JSON.stringify({ trainer }));
  return await loadSparseCoder(folder, { hookpoint: read.join("+") });
}

/** `ReLU(Σ x_place · W_place + b)` in plain arithmetic: one latent over all positions. */
function byFormula(latent: number, places: readonly Tensor[]): number[] {
  const positions = (places[0] as Tensor).data.length / d;
  return Array.from({ length: positions }, (_, position) => {
    let sum = weights["encoder.bias"].data[latent] as number;
    places.forEach(({ data }, place) => {
      for (let i = 0; i < d; i++) {
        const weight = weights["encoder.weight"].data[(place * d + i) * dSae + latent] as number;
        sum += (data[position * d + i] as number) * weight;
      }
    });
    return Math.max(0, sum);
  });
}

function tokensOf(cache: LatentCache): Tensor<Int32Array> {
  const rows = Array.from({ length: cache.contextCount }, (_, context) => [...cache.tokens(context)]);
  return tensor(Int32Array.from(rows.flat()), [cache.contextCount, cache.contextLength]);
}

describe("cacheLatents() of a crosscoder", () => {
  test.each([
    ["in the model's own graph", () => model],
    [
      "one after the other",
      () => ({ ...model, activations: model.activations.bind(model), extend: undefined }),
    ],
  ])("joins what its hookpoints have, %s", async (name, subject) => {
    const cache = await cacheLatents({ model: subject() as SubjectModel, coder }, "demo", {
      directory: join(root, name),
      contextLength: 32,
      maxTokens: 320,
      keepBos: true,
      onProgress: false,
    });
    expect(cache.hookpoint).toBe("layers.1+layers.3");
    const found = await model.activations(tokensOf(cache), read);
    const places = read.map((hookpoint) => found.get(hookpoint) as Tensor);
    for (const latent of [0, 7, dSae - 1]) {
      const wanted = byFormula(latent, places);
      const own = new Float32Array(wanted.length);
      const { positions, activations } = cache.read(latent);
      positions.forEach((position, i) => {
        own[position] = activations[i] as number;
      });
      expect(positions.length).toBeGreaterThan(10);
      for (const [position, value] of wanted.entries()) expect(own[position]).toBeCloseTo(value, 4);
    }
  });

  test("other readers join them too", async () => {
    const text = "The cat sat.";
    const [own] = await activationsOf({ model, coder }, [text], { latents: [7] });
    const { bosId = 0 } = model.tokenizer;
    const ids = Int32Array.of(bosId, ...model.tokenizer.encode(text));
    const { positions, latents, values } = await encodeTokens({ model, coder }, tensor(ids, [1, ids.length]));
    latents.forEach((latent, i) => {
      const position = (positions[i] as number) - 1;
      if (latent === 7 && position >= 0)
        expect(own?.activations[0]?.[position]).toBeCloseTo(values[i] as number, 5);
    });
    expect(own?.activations[0]?.some((value) => value > 0)).toBe(true);
  });

  test("windows are edited until one of its latents is silent", async () => {
    const bias = weights["encoder.bias"];
    const seldom = await written("trainer_1", {
      ...weights,
      "encoder.bias": tensor(
        bias.data.map((b) => b - 14),
        bias.shape,
      ),
    });
    try {
      const options = {
        directory: join(root, "seldom"),
        contextLength: 32,
        maxTokens: 20_000,
        onProgress: false,
      } as const;
      const cache = await cacheLatents({ model, coder: seldom }, "demo", options);
      const [latent] = cache.sample(1, { seed: 2, minCount: 150 });
      const examples = sampleExamples(cache, latent as Latent, { train: 5, test: 10 });
      const edited = await minimalEdits(cache, examples, {
        model,
        coder: seldom,
        count: 4,
        onProgress: false,
      });
      expect(edited.length).toBeGreaterThan(0);
      for (const { context, start, tokens: window } of edited) {
        const ids = Int32Array.from([...cache.tokens(context).slice(0, start), ...window]);
        const found = await encodeTokens({ model, coder: seldom }, tensor(ids, [1, ids.length]));
        const fired = [...found.latents.keys()].filter((i) => found.latents[i] === latent?.index);
        expect(fired.filter((i) => (found.positions[i] as number) >= start)).toEqual([]);
      }
    } finally {
      await seldom.close();
    }
  });

  test("refuses places that the model lacks, of another width, and of two models", async () => {
    const cacheAt = (hookpoint: string) =>
      cacheLatents({ model, coder: { ...coder, hookpoint } }, "demo", { directory: join(root, "never") });
    await expect(cacheAt("layers.1+layers.9")).rejects.toThrow(
      /at "layers.1\+layers.9" of "demo": the model has no such hookpoint as layers.9; hookpoints of that width are embed, /,
    );
    await expect(cacheAt("layers.1+layers.2.mlp.neurons")).rejects.toThrow(
      /there it has 640 numbers per position, the coder takes 256/,
    );
    await expect(cacheAt("layers.1+layers.1")).rejects.toThrow(/it reads one place of several models/);
  });
});
