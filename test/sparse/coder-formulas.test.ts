/** The formulas on coders of two or three latents, small enough to verify by hand. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeSafetensors, type TensorToStore } from "../../src/formats/safetensors.js";
import type { CoderWeights } from "../../src/sparse/coder-weights.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseActivations } from "../../src/sparse/sparse-activations.js";
import { weightedCoder } from "../../src/sparse/weighted-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";

const f32 = (numbers: number[], ...shape: number[]): TensorToStore & Tensor =>
  tensor(Float32Array.from(numbers), shape);
const entries = ({ positions, latents, values }: SparseActivations) =>
  Array.from(latents, (latent, i) => [positions[i], latent, values[i]]);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "saelab-coder-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function coderFolder(
  name: string,
  files: { config: [string, object]; weights: [string, Record<string, TensorToStore>] },
): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, files.config[0]), JSON.stringify(files.config[1]));
  await writeFile(join(path, files.weights[0]), encodeSafetensors(files.weights[1]));
  return path;
}

describe("EleutherAI sparsify", () => {
  const weights = {
    "encoder.weight": f32([1, 0, 0, 1, 1, 1], 3, 2),
    "encoder.bias": f32([0, 0, -1], 3),
    W_dec: f32([1, 0, 0, 1, 0.5, 0.5], 3, 2),
    b_dec: f32([1, 2], 2),
  };
  const cfg = { activation: "topk", k: 2, num_latents: 3, d_in: 2, unknown_key: true };

  it("subtracts b_dec, keeps the k largest after ReLU, adds b_dec", async () => {
    const path = await coderFolder("layers.7", {
      config: ["cfg.json", cfg],
      weights: ["sae.safetensors", weights],
    });
    const coder = await loadSparseCoder(path);
    expect(coder).toMatchObject({
      name: "layers.7",
      kind: "topk 2",
      hookpoint: "layers.7",
      hookpointOut: "layers.7",
      dModel: 2,
      dSae: 3,
    });
    // x − b_dec = (3, 1): h = (3, 1, 3). x − b_dec = (−1, 2): h = (−1, 2, 0): zeros are dropped.
    const latents = await coder.encode(f32([4, 3, 0, 4], 2, 2));
    expect(entries(latents)).toEqual([
      [0, 0, 3],
      [0, 2, 3],
      [1, 1, 2],
    ]);
    expect(latents.shape).toEqual([2, 3]);
    expect([...(await coder.decode(latents)).data]).toEqual([1 + 3 + 1.5, 2 + 1.5, 1, 2 + 2]);
    expect([...coder.decoderRow(2)]).toEqual([0.5, 0.5]);
    expect(() => coder.decoderRow(3)).toThrow('Cannot take latent 3 of "layers.7": it has latents 0 to 2');
    await coder.close();
  });

  it("a transcoder reads its module's input, leaves b_dec alone, and adds the skip connection", async () => {
    const path = await coderFolder("layers.7.mlp", {
      config: ["cfg.json", { ...cfg, transcode: true, skip_connection: true }],
      weights: ["sae.safetensors", { ...weights, W_skip: f32([0, 10, 20, 0], 2, 2) }],
    });
    const coder = await loadSparseCoder(path);
    expect(coder).toMatchObject({ hookpoint: "layers.7.mlp.input", hookpointOut: "layers.7.mlp" });
    const x = f32([4, 3], 1, 2);
    const latents = await coder.encode(x);
    expect(entries(latents)).toEqual([
      [0, 0, 4],
      [0, 2, 6],
    ]);
    // 4·(1, 0) + 6·(½, ½) + b_dec (1, 2) + x·W_skipᵀ (30, 80)
    expect([...(await coder.decode(latents, x)).data]).toEqual([38, 85]);
    await expect(coder.decode(latents)).rejects.toThrow("it has a skip connection, so give the input");
    await coder.close();
  });

  it("decodes wide rows while the event loop goes on", async () => {
    const [width, rows] = [1024, 256];
    const skip = tensor(new Float32Array(width * width).fill(1 / width), [width, width]);
    const coder = weightedCoder(
      {
        ...{ hookpoint: "layers.0", hookpointOut: "layers.0.mlp", subtractsDecoderBias: false, skip },
        activation: { kind: "topk", k: 1 },
        encoder: f32(Array(2 * width).fill(1), 2, width),
        encoderBias: new Float32Array(2),
        decoder: f32(Array(2 * width).fill(2), 2, width),
        decoderBias: new Float32Array(width),
      },
      { name: "wide", hash: "" },
    );
    const x = tensor(new Float32Array(rows * width).fill(0.5), [rows, width]);
    const latents = await coder.encode(x);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const { data } = await coder.decode(latents, x);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
    // 512 · 2 of the latent, and the mean of x.
    expect(new Set(data)).toEqual(new Set([1024.5]));
    await coder.close();
  });

  it("takes the hookpoint from the option, then cfg.json, then the folder's name", async () => {
    const path = await coderFolder("layers.2.wide", {
      config: ["cfg.json", { ...cfg, hookpoint: "layers.2" }],
      weights: ["sae.safetensors", weights],
    });
    expect((await loadSparseCoder(path)).hookpoint).toBe("layers.2");
    expect((await loadSparseCoder(path, { hookpoint: "layers.0" })).hookpoint).toBe("layers.0");
    const nameless = await coderFolder("mine", {
      config: ["cfg.json", cfg],
      weights: ["sae.safetensors", weights],
    });
    await expect(loadSparseCoder(nameless)).rejects.toThrow(
      '"mine" is no hookpoint; give it as option, e.g. { hookpoint: "layers.2" }',
    );
  });

  it("reads F16 and BF16 weights", async () => {
    const half = Object.fromEntries(
      Object.entries(weights).map(([name, w], i) => [
        name,
        { ...w, dtype: i % 2 ? ("F16" as const) : ("BF16" as const) },
      ]),
    );
    const path = await coderFolder("layers.3", {
      config: ["cfg.json", cfg],
      weights: ["sae.safetensors", half],
    });
    const coder = await loadSparseCoder(path);
    expect(entries(await coder.encode(f32([4, 3], 1, 2)))).toEqual([
      [0, 0, 3],
      [0, 2, 3],
    ]);
    await coder.close();
  });
});

describe("SAELens", () => {
  const weights = {
    W_enc: f32([1, 0, 1, 0, 1, 1], 2, 3),
    b_enc: f32([0, 0, -1], 3),
    W_dec: f32([2, 0, 0, 1, 0.5, 0.5], 3, 2),
    b_dec: f32([1, 2], 2),
  };
  const cfg = { metadata: { hook_name: "blocks.4.hook_resid_post" }, d_in: 2, d_sae: 3 };
  const load = async (config: object, more: Record<string, TensorToStore> = {}) =>
    await loadSparseCoder(
      await coderFolder("saelens", {
        config: ["cfg.json", { ...cfg, ...config }],
        weights: ["sae_weights.safetensors", { ...weights, ...more }],
      }),
    );

  it("jumprelu keeps what is strictly above each latent's threshold", async () => {
    const coder = await load(
      { architecture: "jumprelu", apply_b_dec_to_input: false },
      { threshold: f32([3, 2.5, -1], 3) },
    );
    expect(coder).toMatchObject({ hookpoint: "layers.4", kind: "jumprelu" });
    // h = (3, 3, 5): the first is not above 3. h = (−1, 1, −1): a threshold below 0 acts as 0.
    expect(entries(await coder.encode(f32([3, 3, -1, 1], 2, 2)))).toEqual([
      [0, 1, 3],
      [0, 2, 5],
    ]);
    await coder.close();
  });

  it("standard subtracts b_dec unless told otherwise, then ReLU", async () => {
    const coder = await load({});
    expect(coder.kind).toBe("relu");
    expect(entries(await coder.encode(f32([2, 1], 1, 2)))).toEqual([[0, 0, 1]]);
    const plain = await load({ apply_b_dec_to_input: false });
    expect(entries(await plain.encode(f32([2, 1], 1, 2)))).toEqual([
      [0, 0, 2],
      [0, 1, 1],
      [0, 2, 2],
    ]);
    await Promise.all([coder.close(), plain.close()]);
  });

  it("topk multiplies by decoder norms before choosing where it should, and decodes the same", async () => {
    const options = { architecture: "topk", k: 1, apply_b_dec_to_input: false };
    const x = f32([2, 2], 1, 2);
    const plain = await load(options);
    expect(entries(await plain.encode(x))).toEqual([[0, 2, 3]]);
    const scaled = await load({ ...options, rescale_acts_by_decoder_norm: true });
    // h·‖W_dec‖ = (2·2, 2·1, 3·√½)
    const latents = await scaled.encode(x);
    expect(entries(latents)).toEqual([[0, 0, 4]]);
    expect([...(await scaled.decode(latents)).data]).toEqual([1 + 4, 2]);
    await Promise.all([plain.close(), scaled.close()]);
  });

  it("a transcoder names two hookpoints and does not subtract b_dec", async () => {
    const coder = await load({
      architecture: "transcoder",
      metadata: { hook_name: "blocks.1.mlp.hook_in", hook_name_out: "blocks.1.hook_mlp_out" },
    });
    expect(coder).toMatchObject({ hookpoint: "layers.1.mlp.input", hookpointOut: "layers.1.mlp" });
    expect(entries(await coder.encode(f32([2, 0], 1, 2)))).toEqual([
      [0, 0, 2],
      [0, 2, 1],
    ]);
    await coder.close();
  });

  it("reads the hook of older versions, and resid_pre as the block before", async () => {
    expect((await load({ metadata: undefined, hook_name: "blocks.3.hook_mlp_out" })).hookpoint).toBe(
      "layers.3.mlp",
    );
    expect((await load({ metadata: undefined, hook_point: "blocks.3.hook_resid_pre" })).hookpoint).toBe(
      "layers.2",
    );
  });

  it("gated opens by one bias and measures by another, with a scale of its own", async () => {
    const coder = await load(
      { architecture: "gated", apply_b_dec_to_input: false },
      { b_gate: f32([-1, 0, 1], 3), r_mag: f32([Math.log(2), 0, 0], 3), b_mag: f32([0.5, -3, -9], 3) },
    );
    expect(coder.kind).toBe("gated");
    // p = (2, 1, 3): gates 1, 1, 4 are open; sizes 2·2 + ½, 1 − 3 and 3 − 9 of which one is positive.
    // p = (1, 5, 6): gates 0, 5, 7; sizes –, 5 − 3, 6 − 9.
    expect(entries(await coder.encode(f32([2, 1, 1, 5], 2, 2)))).toEqual([
      [0, 0, 4.5],
      [1, 1, 2],
    ]);
    await coder.close();
  });

  it("refuses what it does not understand", async () => {
    await expect(load({ architecture: "temporal" })).rejects.toThrow("its architecture is temporal");
    await expect(load({ normalize_activations: "expected_norm" })).rejects.toThrow(
      "its normalize_activations is expected_norm; none, expected_average_only_in, constant_norm_rescale, layer_norm is wanted",
    );
    await expect(load({ metadata: { hook_name: "blocks.0.attn.hook_q" } })).rejects.toThrow(
      'its hook name is "blocks.0.attn.hook_q"',
    );
    await expect(load({ architecture: "topk" })).rejects.toThrow("its cfg.json has no k for topk");
  });
});

describe("weightedCoder()", () => {
  /** Rows of small whole numbers: sums are exact in float32, so both ways must agree exactly. */
  const wholeNumbers = (count: number, seed: number) =>
    Float32Array.from({ length: count }, (_, i) => ((i * 2654435761 + seed * 40503) % 7) - 3);

  function weightsOf(dSae: number, dModel: number, activation: CoderWeights["activation"]): CoderWeights {
    return {
      hookpoint: "layers.0",
      hookpointOut: "layers.0",
      activation,
      encoder: tensor(wholeNumbers(dSae * dModel, 1), [dSae, dModel]),
      encoderBias: wholeNumbers(dSae, 2),
      decoder: tensor(wholeNumbers(dSae * dModel, 3), [dSae, dModel]),
      decoderBias: wholeNumbers(dModel, 4),
      subtractsDecoderBias: true,
      skip: undefined,
    };
  }

  /** The formulas, written out, in float64. */
  function slowEncode(weights: CoderWeights, x: Tensor): number[][] {
    const { activation } = weights;
    if (activation.kind === "gated" || activation.kind === "groupmax") throw new TypeError("Not for these");
    const [dSae, dModel] = weights.encoder.shape;
    const found: number[][] = [];
    for (let p = 0; p < x.shape[0]; p++) {
      const h = Array.from({ length: dSae }, (_, i) => {
        let sum = weights.encoderBias[i];
        for (let j = 0; j < dModel; j++) {
          sum += (x.data[p * dModel + j] - weights.decoderBias[j]) * weights.encoder.data[i * dModel + j];
        }
        return sum;
      });
      const order = h.map((_, i) => i).sort((a, b) => h[b] - h[a] || a - b);
      const kept =
        activation.kind === "topk"
          ? order.slice(0, activation.k).filter((i) => h[i] > 0)
          : order.filter((i) => h[i] > activation.thresholds[i]);
      found.push(...kept.sort((a, b) => a - b).map((i) => [p, i, h[i]]));
    }
    return found;
  }

  it("equals the formula for any width, also odd ones and ones cut into tiles", async () => {
    const widths = fc.constantFrom(1, 3, 31, 32, 33, 100, 8192, 8193, 20000);
    await fc.assert(
      fc.asyncProperty(
        widths,
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        fc.integer(),
        async (dSae, rows, topK, seed) => {
          const dModel = 3;
          const thresholds = wholeNumbers(dSae, 5).map((t) => Math.max(0, t * 8));
          const activation = topK
            ? ({ kind: "topk", k: Math.min(dSae, 20) } as const)
            : ({ kind: "threshold", name: "jumprelu", thresholds } as const);
          const weights = weightsOf(dSae, dModel, activation);
          const coder = weightedCoder(weights, { name: "test", hash: "" });
          const x = tensor(wholeNumbers(rows * dModel, seed), [rows, dModel]);
          const latents = await coder.encode(x);
          expect(latents.shape).toEqual([rows, dSae]);
          expect(entries(latents)).toEqual(slowEncode(weights, x));
          await coder.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  it("encode() takes any leading dimensions, none at all, and several batches", async () => {
    const weights = weightsOf(40, 4, { kind: "topk", k: 5 });
    const coder = weightedCoder(weights, { name: "test", hash: "" });
    const x = tensor(wholeNumbers(3000 * 4, 9), [30, 100, 4]);
    const latents = await coder.encode(x);
    expect(latents.shape).toEqual([3000, 40]);
    expect(entries(latents)).toEqual(slowEncode(weights, tensor(x.data, [3000, 4])));
    expect((await coder.encode(tensor(new Float32Array(0), [0, 4]))).latents.length).toBe(0);
    await coder.close();
  });

  it("encode() refuses activations of another width", async () => {
    const coder = weightedCoder(weightsOf(8, 4, { kind: "topk", k: 2 }), { name: "mine", hash: "" });
    await expect(coder.encode(f32([1, 2, 3], 1, 3))).rejects.toThrow(
      new RangeError(
        'Cannot encode with "mine": the activations are [1, 3], [..., 4] is wanted; check that the coder was trained on this model',
      ),
    );
  });

  it("refuses to keep more latents than there are, or none", () => {
    for (const k of [0, 9]) {
      expect(() => weightedCoder(weightsOf(8, 4, { kind: "topk", k }), { name: "mine", hash: "" })).toThrow(
        `it keeps ${k} of 8 latents; 1 to 8 is wanted`,
      );
    }
  });
});
