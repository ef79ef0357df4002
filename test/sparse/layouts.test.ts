/** Layouts whose files are awkward to write: the readers on tensors in memory. */
import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/formats/byte-source.js";
import { encodeSafetensors, openSafetensors, type TensorToStore } from "../../src/formats/safetensors.js";
import { activationName } from "../../src/sparse/coder-weights.js";
import { readDictionaryLearning } from "../../src/sparse/dictionary-learning.js";
import { readGemmaScope } from "../../src/sparse/gemma-scope.js";
import { weightedCoder } from "../../src/sparse/weighted-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";

const f32 = (numbers: number[], ...shape: number[]): TensorToStore & Tensor =>
  tensor(Float32Array.from(numbers), shape);
const inMemory = (tensors: Record<string, TensorToStore>) =>
  openSafetensors(memorySource(encodeSafetensors(tensors), "weights"));

/** d 2, d_sae 3: encoder rows (1, 0), (0, 1), (1, 1); decoder rows (2, 0), (0, 1), (½, ½). */
const linear = {
  "encoder.weight": f32([1, 0, 0, 1, 1, 1], 3, 2),
  "encoder.bias": f32([0, 0, -1], 3),
  "decoder.weight": f32([2, 0, 0.5, 0, 1, 0.5], 2, 3),
};
const plain = {
  W_enc: f32([1, 0, 1, 0, 1, 1], 2, 3),
  b_enc: f32([0, 0, -1], 3),
  W_dec: f32([2, 0, 0, 1, 0.5, 0.5], 3, 2),
  b_dec: f32([1, 2], 2),
};
const scalar = (x: number) => f32([x]);

async function encodeWith(
  trainer: object,
  tensors: Record<string, TensorToStore>,
  x: number[],
): Promise<[string, number[][], number[]]> {
  const weights = await readDictionaryLearning("trainer_0", {
    config: { trainer: { submodule_name: "resid_post_layer_3", ...trainer } },
    file: await inMemory(tensors),
  });
  expect(weights.hookpoint).toBe("layers.3");
  const coder = weightedCoder(weights, { name: "test", hash: "" });
  const found = await coder.encode(f32(x, 1, 2));
  const decoded = [...(await coder.decode(found)).data];
  await coder.close();
  return [
    activationName(weights.activation),
    Array.from(found.latents, (l, i) => [l, found.values[i]]),
    decoded,
  ];
}

describe("dictionary_learning", () => {
  it("AutoEncoder subtracts its bias, scales latents by decoder norms, decodes the same", async () => {
    const tensors = { ...linear, bias: f32([1, 2], 2) };
    const half = Math.fround(2 * Math.fround(Math.SQRT1_2));
    const [name, latents, decoded] = await encodeWith({ dict_class: "AutoEncoder" }, tensors, [2, 4]);
    // x − bias = (1, 2): h = (1, 2, 2); norms 2, 1, √½.
    expect(name).toBe("relu");
    expect(latents.map(([latent]) => latent)).toEqual([0, 1, 2]);
    expect(latents.map(([, value]) => value)).toEqual([2, 2, expect.closeTo(half, 6)]);
    expect(decoded).toEqual([expect.closeTo(1 + 2 + 1, 5), expect.closeTo(2 + 2 + 1, 5)]);
  });

  it("AutoEncoderTopK keeps k", async () => {
    const tensors = { ...linear, b_dec: f32([1, 2], 2), k: { data: Int32Array.of(1), shape: [] } };
    const found = await encodeWith({ dict_class: "AutoEncoderTopK", k: 1 }, tensors, [2, 5]);
    expect(found).toEqual(["topk 1", [[1, 3]], [1, 5]]);
  });

  it("BatchTopKSAE and MatryoshkaBatchTopKSAE keep what is above one threshold", async () => {
    const batch = { ...linear, b_dec: f32([1, 2], 2), threshold: scalar(1.5) };
    const wanted = [
      "batchtopk",
      [
        [1, 2],
        [2, 2],
      ],
      [2, 5],
    ];
    expect(await encodeWith({ dict_class: "BatchTopKSAE" }, batch, [2, 4])).toEqual(wanted);
    const matryoshka = { ...plain, threshold: scalar(1.5) };
    expect(await encodeWith({ dict_class: "MatryoshkaBatchTopKSAE" }, matryoshka, [2, 4])).toEqual(wanted);
  });

  it("refuses a batch top-k whose threshold was never estimated", async () => {
    const tensors = { ...linear, b_dec: f32([1, 2], 2), threshold: scalar(-1) };
    await expect(encodeWith({ dict_class: "BatchTopKSAE" }, tensors, [2, 4])).rejects.toThrow(
      "for batchtopk a threshold that was estimated",
    );
  });

  it("JumpReluAutoEncoder leaves b_dec alone on the way in", async () => {
    const tensors = { ...plain, threshold: f32([0.5, 2, 0], 3) };
    const found = await encodeWith({ dict_class: "JumpReluAutoEncoder" }, tensors, [1, 2]);
    expect(found).toEqual([
      "jumprelu",
      [
        [0, 1],
        [2, 2],
      ],
      [1 + 2 + 1, 2 + 1],
    ]);
  });

  it("GatedAutoEncoder opens by one bias and measures by another", async () => {
    const { "encoder.bias": _, ...rest } = linear;
    const tensors = {
      ...rest,
      decoder_bias: f32([1, 2], 2),
      gate_bias: f32([-1, 0, 0], 3),
      r_mag: f32([0, 0, 0], 3),
      mag_bias: f32([5, 1, -3], 3),
    };
    // x − b = (1, 2): p = (1, 2, 3); gates 0, 2, 3; sizes –, 3, 0.
    const found = await encodeWith({ dict_class: "GatedAutoEncoder" }, tensors, [2, 4]);
    expect(found).toEqual(["gated", [[1, 3]], [1, 5]]);
  });

  it("refuses unknown classes and unknown places", async () => {
    await expect(encodeWith({ dict_class: "IdentityDict" }, linear, [0, 0])).rejects.toThrow(
      "its dict_class is IdentityDict; one of AutoEncoder,",
    );
    const elsewhere = { dict_class: "AutoEncoderTopK", k: 1, submodule_name: "somewhere" };
    const tensors = { ...linear, b_dec: f32([1, 2], 2) };
    await expect(encodeWith(elsewhere, tensors, [0, 0])).rejects.toThrow(
      'its submodule_name is "somewhere"; give it as option',
    );
  });
});

describe("Gemma Scope", () => {
  const read = async (folder: string, options: { hookpoint?: string } = {}) => {
    const lowerCase = Object.fromEntries(
      Object.entries({ ...plain, threshold: f32([1, 1, 1], 3) }).map(([name, t]) => [name.toLowerCase(), t]),
    );
    return await readGemmaScope(folder, { ...options, file: await inMemory(lowerCase) });
  };

  it.each([
    ["google/gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71", "layers.20", "layers.20"],
    ["gemma-scope-9b-pt-mlp/layer_3/width_16k/average_l0_10", "layers.3.mlp", "layers.3.mlp"],
    [
      "models--google--gemma-scope-2b-pt-transcoders/snapshots/0/layer_5/width_16k/average_l0_9",
      "layers.5.mlp.input",
      "layers.5.mlp",
    ],
    ["anything/layer_2/width_1k/average_l0_19", "layers.2", "layers.2"],
    [
      "gemma-scope-2b-pt-att/layer_2/width_16k/average_l0_9",
      "layers.2.attention.heads",
      "layers.2.attention.heads",
    ],
    ["gemma-scope-2b-pt-res/embedding/width_4k/average_l0_6", "embed", "embed"],
  ])("reads the place from %s, and keys in lower case", async (folder, hookpoint, hookpointOut) => {
    expect(await read(folder)).toMatchObject({ hookpoint, hookpointOut, subtractsDecoderBias: false });
  });

  it("refuses places that are no hookpoints unless told one", async () => {
    await expect(read("somewhere/else")).rejects.toThrow("its path names no layer_N");
    expect((await read("somewhere/else", { hookpoint: "layers.1" })).hookpoint).toBe("layers.1");
  });
});
