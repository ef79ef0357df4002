import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import wabt from "wabt";
import { decodeNpy } from "../../src/formats/npy.js";
import { loadModel } from "../../src/model/load-model.js";
import { packageRoot } from "../../src/package-root.js";
import { seededRandom } from "../../src/random.js";
import type { ActivationFunction, CoderWeights } from "../../src/sparse/coder-weights.js";
import { int8Screen } from "../../src/sparse/int8-screen.js";
import { loadSparseCoder, readSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { rowDots, rowDotsProgram } from "../../src/sparse/row-dots.js";
import { screenedCoder } from "../../src/sparse/screened-coder.js";
import type { SparseBatch } from "../../src/sparse/sparse-batch.js";
import { weightedCoder } from "../../src/sparse/weighted-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

const options = { name: "test", hash: "", threads: 1 };

function weightsOf(encoder: Tensor, activation: ActivationFunction, bias = 0): CoderWeights {
  const [dSae, dModel] = encoder.shape;
  return {
    hookpoint: "layers.0",
    hookpointOut: "layers.0",
    activation,
    encoder,
    encoderBias: new Float32Array(dSae).fill(bias),
    decoder: encoder,
    decoderBias: new Float32Array(dModel).fill(0.5),
    subtractsDecoderBias: true,
    skip: undefined,
  };
}

function normals(shape: readonly [number, number], seed: string): Tensor {
  const { random } = seededRandom(seed);
  const draw = () => (random() + random() + random() + random() - 2) * Math.sqrt(3);
  return tensor(Float32Array.from({ length: shape[0] * shape[1] }, draw), shape);
}

/** Positions share a few directions, and a few dimensions are much larger than the others: as in language models. */
function likeActivations(positions: number, width: number, seed: string): Tensor {
  const x = normals([positions, width], seed);
  const shared = normals([8, width], "shared");
  const strengths = normals([positions, 8], `${seed} strengths`);
  x.data.forEach((noise, i) => {
    const [position, dimension] = [Math.floor(i / width), i % width];
    let value = 0.7 * noise;
    for (let s = 0; s < 8; s++)
      value += 0.5 * strengths.data[position * 8 + s] * shared.data[s * width + dimension];
    x.data[i] = value * (dimension % 97 === 5 ? 10 : 1) + 0.5;
  });
  return x;
}

const jumpRelu = (thresholds: Float32Array): ActivationFunction => ({
  kind: "threshold",
  name: "jumprelu",
  thresholds,
});

/** The same latents at the same positions, and values that differ by no more than float32 rounds. */
function expectSame(found: SparseBatch, wanted: SparseBatch): void {
  expect(found.latents.length).toBe(wanted.latents.length);
  const moved = wanted.latents.findIndex(
    (latent, i) => latent !== found.latents[i] || wanted.positions[i] !== found.positions[i],
  );
  expect(moved).toBe(-1);
  const largest = wanted.values.reduce((a, b) => Math.max(a, b), 0);
  const error = wanted.values.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - found.values[i])),
    0,
  );
  expect(error).toBeLessThanOrEqual(1e-5 * largest);
}

async function expectScreenGivesTheSame(weights: CoderWeights, x: Tensor): Promise<void> {
  const coder = weightedCoder(weights, options);
  const screen = await int8Screen(weights, x, options);
  const found = await screen.run(x, 0);
  expect(found.withinBounds).toBe(true);
  expectSame(found, await coder.encode(x));
  await Promise.all([coder.close(), screen.close()]);
}

describe("rowDots()", () => {
  it("is the program in row-dots.wat", async () => {
    const text = readFileSync(join(packageRoot(), "src/sparse/row-dots.wat"), "utf8");
    const { buffer } = (await wabt()).parseWat("row-dots.wat", text, { simd: true }).toBinary({});
    expect(Buffer.from(buffer).toString("base64")).toBe(rowDotsProgram);
  });

  it("gives the products of any pairs, of rows of any width", () => {
    const size = fc.integer({ min: 1, max: 70 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.integer({ min: 0, max: 200 }),
        fc.integer(),
        (rows, dSae, width, count, seed) => {
          const { random } = seededRandom(String(seed));
          const [x, encoder] = [normals([rows, width], `x${seed}`), normals([dSae, width], `e${seed}`)];
          const positions = Uint32Array.from({ length: count }, () => random() * rows);
          const latents = Uint32Array.from({ length: count }, () => random() * dSae);
          const found = rowDots(x, encoder, { positions, latents });
          expect(found.length).toBe(count);
          found.forEach((product, i) => {
            let sum = 0;
            for (let j = 0; j < width; j++) {
              sum += x.data[positions[i] * width + j] * encoder.data[latents[i] * width + j];
            }
            expect(product).toBeCloseTo(sum, 4);
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("int8Screen()", () => {
  it("gives what float32 gives for any width and equal values: the margin of narrow coders is proven", async () => {
    const whole = (count: number, seed: number) =>
      Float32Array.from({ length: count }, (_, i) => ((i * 2654435761 + seed * 40503) % 7) - 3);
    const widths = fc.constantFrom(1, 3, 31, 33, 100, 8193);
    await fc.assert(
      fc.asyncProperty(
        widths,
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        fc.nat(),
        async (dSae, rows, topK, seed) => {
          const activation: ActivationFunction = topK
            ? { kind: "topk", k: Math.min(dSae, 20) }
            : jumpRelu(whole(dSae, 5).map((t) => Math.max(0, t * 8)));
          const weights = weightsOf(tensor(whole(dSae * 3, 1), [dSae, 3]), activation, 1);
          // No halves: sums are exact, and both ways agree on what is equal.
          weights.decoderBias.fill(0);
          await expectScreenGivesTheSame(weights, tensor(whole(rows * 3, seed), [rows, 3]));
        },
      ),
      { numRuns: 12 },
    );
  });

  it.each(["topk", "jumprelu", "gated"])(
    "gives what float32 gives at 768 dimensions, some of them large: %s",
    async (kind) => {
      const encoder = normals([2048, 768], "encoder");
      const thresholds = new Float32Array(2048).fill(250);
      const activation: Record<string, ActivationFunction> = {
        topk: { kind: "topk", k: 32 },
        jumprelu: jumpRelu(thresholds),
        gated: {
          kind: "gated",
          scale: new Float32Array(2048).fill(2),
          shift: new Float32Array(2048).fill(-20),
        },
      };
      const weights = weightsOf(encoder, activation[kind], kind === "gated" ? -200 : 0);
      await expectScreenGivesTheSame(weights, likeActivations(256, 768, "x"));
    },
  );

  it.each(["layers.0", "layers.2", "layers.2.wide", "layers.2.mlp.transcoder"])(
    "gives what float32 gives: demo/%s",
    async (name) => {
      const { weights } = await readSparseCoder(`demo/${name}`);
      const model = await loadModel("demo", { threads: 1 });
      const { random } = seededRandom("tokens");
      const tokens = Int32Array.from({ length: 4 * 64 }, () => random() * 500);
      const { hookpoint } = weights;
      const tapped = (await model.activations(tensor(tokens, [4, 64]), [hookpoint])).get(hookpoint) as Tensor;
      await model.close();
      await expectScreenGivesTheSame(weights, tensor(tapped.data, [256, tapped.shape.at(-1) as number]));
    },
  );

  it
    .skipIf(!hasRealData)
    .each([
      ["sparsify-4096/layers.2"],
      ["saelens-jumprelu/layer_2"],
      ["saelens-batchtopk/layer_2"],
      ["dictionary_learning/resid_post_layer_2/trainer_0"],
    ])(`gives what float32 gives: %s of stories260k ${needsRealData}`, async (folder) => {
    const { weights } = await readSparseCoder(realData("saes", ...folder.split("/")));
    const golden = decodeNpy(readFileSync(realData("golden", "hidden_2.npy"))) as Tensor;
    await expectScreenGivesTheSame(weights, tensor(golden.data.subarray(0, 512 * 64), [512, 64]));
  });
});

it("int8Screen() keeps the k largest also where nothing is rounded", async () => {
  const weights = weightsOf(normals([100, 8], "encoder"), { kind: "topk", k: 5 });
  weights.encoderBias.forEach((_, i, bias) => {
    bias[i] = (i * 37) % 100;
  });
  const centre = tensor(new Float32Array(3 * 8).fill(0.5), [3, 8]);
  await expectScreenGivesTheSame(weights, centre);
});

describe("screenedCoder()", () => {
  const dModel = 256;
  const dSae = 512;
  /** Each latent reads one dimension strongly, and all others by less than half of a step: the same way for all. */
  const unfair = tensor(
    Float32Array.from({ length: dSae * dModel }, (_, i) =>
      Math.floor(i / dModel) % dModel === i % dModel ? 127 : 0.49,
    ),
    [dSae, dModel],
  );
  const ones = tensor(new Float32Array(300 * dModel).fill(1.5), [300, dModel]);
  const signs = normals([300, dModel], "signs").data.map((x) => Math.sign(x) + 0.5);

  function screened(weights: CoderWeights) {
    const inner = weightedCoder(weights, options);
    const calls = vi.spyOn(inner, "encode");
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    return { inner, calls, warnings, coder: screenedCoder(inner, weights, { threads: 1, onWarning }) };
  }

  it("has float32 compute a sample of the first long call, short calls, and nothing else", async () => {
    const weights = weightsOf(normals([2048, 768], "encoder"), { kind: "topk", k: 8 });
    const { coder, inner, calls, warnings } = screened(weights);
    const x = likeActivations(300, 768, "x");
    const found = await coder.encode(tensor(x.data, [2, 150, 768]));
    expectSame(found, await coder.encode(x));
    expect(found.shape).toEqual([300, 2048]);
    await coder.encode(tensor(x.data.subarray(0, 255 * 768), [255, 768]));
    expect(calls.mock.calls.map(([given]) => given.shape[0])).toEqual([256, 255]);
    expect(warnings).toEqual([]);
    expectSame(found, await inner.encode(x));
    expect(coder).toMatchObject({ name: "test", kind: "topk 8", dModel: 768, dSae: 2048 });
    expect(coder.tail).toBeUndefined();
    expect(await coder.decode(found)).toEqual(await inner.decode(found));
    expect(coder.encoderRow?.(3)).toEqual(inner.encoderRow?.(3));
    await coder.close();
  });

  it("gives up where a sample shows that it misses latents", async () => {
    const { coder, inner, warnings } = screened(
      weightsOf(unfair, jumpRelu(new Float32Array(dSae).fill(200))),
    );
    const found = await coder.encode(ones);
    expect(found.latents.length).toBe(300 * dSae);
    expectSame(found, await inner.encode(ones));
    expect(warnings).toEqual([
      'The sparse coder "test" computes in float32, without the int8 screen: it missed 131072 of 131072 activations of a sample',
    ]);
    await coder.encode(ones);
    expect(warnings).toHaveLength(1);
    await coder.close();
  });

  it("gives up when a bound does not hold later, and computes that call again", async () => {
    const thresholds = Float32Array.from({ length: dSae }, (_, i) => (i < 10 ? 175 : 200));
    const { coder, inner, warnings } = screened(weightsOf(unfair, jumpRelu(thresholds)));
    const quiet = await coder.encode(tensor(signs, [300, dModel]));
    expect(quiet.latents.length).toBe(0);
    expect(warnings).toEqual([]);
    const found = await coder.encode(ones);
    expect(found.latents.length).toBe(300 * dSae);
    expectSame(found, await inner.encode(ones));
    expect(warnings).toEqual([expect.stringContaining("a latent fired stronger than its bound allows")]);
    await coder.close();
  });

  it("gives up where too many latents pass, and does not begin with groups", async () => {
    const many = screened(weightsOf(normals([512, 64], "encoder"), jumpRelu(new Float32Array(512))));
    const x = likeActivations(256, 64, "x");
    expectSame(await many.coder.encode(x), await many.inner.encode(x));
    expect(many.warnings).toEqual([
      expect.stringMatching(
        /: \d+ of 512 latents pass at a position, more than 12, so that nothing would be won$/,
      ),
    ]);
    const groups = screened(weightsOf(normals([512, 64], "encoder"), { kind: "groupmax", k: 8 }));
    expectSame(await groups.coder.encode(x), await groups.inner.encode(x));
    await Promise.all([many.coder.close(), groups.coder.close()]);
  });

  it("refuses activations of another width, as without a screen", async () => {
    const { coder } = screened(weightsOf(normals([512, 64], "encoder"), { kind: "topk", k: 8 }));
    await expect(coder.encode(tensor(new Float32Array(65 * 300), [300, 65]))).rejects.toThrow(
      "the activations are [300, 65], [..., 64] is wanted",
    );
  });

  it("is what loadSparseCoder() gives with screen: int8", async () => {
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    const coder = await loadSparseCoder("demo/layers.2", { screen: "int8", onWarning });
    const plain = await loadSparseCoder("demo/layers.2");
    expect(coder.hash).toBe(plain.hash);
    const x = normals([300, coder.dModel], "x");
    expectSame(await coder.encode(x), await plain.encode(x));
    expect(coder.tail).toBeUndefined();
    await Promise.all([coder.close(), plain.close()]);
  });
});
