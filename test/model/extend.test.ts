import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBatchEncoder } from "../../src/cache/batch-encoder.js";
import { HookpointError } from "../../src/errors.js";
import { loadModel } from "../../src/model/load-model.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
import { openOnnxModel } from "../../src/model/onnx/onnx-model.js";
import { bytesField, decodeMessage, encodeMessage, varintField } from "../../src/model/onnx/protobuf.js";
import type { ExtendedModel, SubjectModel } from "../../src/model/subject-model.js";
import { packageRoot } from "../../src/package-root.js";
import { seededRandom } from "../../src/random.js";
import { identityCoder, randomCoder } from "../../src/sparse/baseline-coders.js";
import type { ActivationFunction, CoderWeights } from "../../src/sparse/coder-weights.js";
import type { InputNorm } from "../../src/sparse/input-norm.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { neuronCoder } from "../../src/sparse/neuron-coder.js";
import type { SparseActivations } from "../../src/sparse/sparse-activations.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { weightedCoder } from "../../src/sparse/weighted-coder.js";
import { tensor } from "../../src/tensor.js";
import { errorTable } from "../largest-error.js";

const table = errorTable();
afterAll(() => table.print("Latents from one graph against those from two"));

const demo = join(packageRoot(), "demo", "model");
const opset = 8;

function someTokens(contexts: number, positions: number) {
  const { random } = seededRandom(7);
  return tensor(
    Int32Array.from({ length: contexts * positions }, () => Math.floor(2048 * random())),
    [contexts, positions],
  );
}

function randomWeights(activation: ActivationFunction, dSae: number, inputNorm?: InputNorm): CoderWeights {
  const { random } = seededRandom(`${activation.kind} ${dSae}`);
  const numbers = (n: number, most: number) =>
    Float32Array.from({ length: n }, () => most * (2 * random() - 1));
  return {
    hookpoint: "layers.1",
    hookpointOut: "layers.1",
    activation,
    encoder: tensor(numbers(dSae * 128, 0.2), [dSae, 128]),
    encoderBias: numbers(dSae, 0.1),
    decoder: tensor(numbers(dSae * 128, 1), [dSae, 128]),
    decoderBias: numbers(128, 0.1),
    subtractsDecoderBias: true,
    inputNorm,
    skip: undefined,
  };
}

/** The same graph, said to be written in another version of the operators. */
async function modelOfOpset(version: number, folder: string): Promise<SubjectModel> {
  const fields = decodeMessage(await readFile(join(demo, "model.onnx")));
  const own = bytesField(opset, [bytesField(1, ""), varintField(2, version)]);
  const path = join(folder, `opset-${version}.onnx`);
  await writeFile(path, encodeMessage(fields.map((field) => (field.number === opset ? own : field))));
  const tokenizer = await loadTokenizer(demo);
  return await openOnnxModel(path, { name: path, tokenizer, contextLength: 128, vocabSize: 2048 });
}

describe("model.extend()", () => {
  let model: SubjectModel;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-extend-"));
    model = await loadModel("demo");
  });
  afterAll(() => Promise.all([model.close(), rm(folder, { recursive: true })]));

  /** Active sets are equal but for what lies within rounding of its threshold. */
  function compare(name: string, found: SparseActivations, wanted: SparseActivations): void {
    const byPlace = ({ positions, latents, values }: SparseActivations) =>
      new Map(Array.from(latents, (latent, i) => [`${positions[i]} ${latent}`, values[i]]));
    const [a, b] = [byPlace(found), byPlace(wanted)];
    const places = [...new Set([...a.keys(), ...b.keys()])];
    expect(wanted.latents.length, name).toBeGreaterThan(100);
    const values = (map: Map<string, number>) => places.map((place) => map.get(place) ?? 0);
    expect(table.note(name, values(a), values(b)), name).toBeLessThan(2e-5);
    expect(found.shape).toEqual(wanted.shape);
  }

  async function compareAll(subject: SubjectModel, coders: Record<string, SparseCoder>): Promise<void> {
    const tokens = someTokens(4, 50);
    const list = Object.values(coders);
    const withoutTails = { ...subject, activations: subject.activations.bind(subject), extend: undefined };
    const [one, two] = await Promise.all(
      [subject, withoutTails as unknown as SubjectModel].map(async (m) => {
        const encoder = await openBatchEncoder(m, list);
        const encoded = await encoder.encode(tokens);
        await encoder.close();
        return encoded;
      }),
    );
    Object.keys(coders).forEach((name, i) => {
      compare(name, one[i], two[i]);
    });
    await Promise.all(list.map((coder) => coder.close()));
  }

  it("gives the latents that model and coder give after each other, of several coders and hookpoints", async () => {
    const named = (weights: CoderWeights) => weightedCoder(weights, { name: "random", hash: "" });
    const thresholds = new Float32Array(9000).fill(1.5);
    const [scale, shift] = [new Float32Array(96).fill(1.2), new Float32Array(96).fill(-0.1)];
    await compareAll(model, {
      wide: await loadSparseCoder("demo/layers.2.wide"),
      "top-k in tiles": named(randomWeights({ kind: "topk", k: 20 }, 9000)),
      groups: named(randomWeights({ kind: "groupmax", k: 12 }, 96)),
      threshold: named(randomWeights({ kind: "threshold", name: "jumprelu", thresholds }, 9000)),
      gated: named(randomWeights({ kind: "gated", scale, shift }, 96)),
      "layer norm": named(randomWeights({ kind: "topk", k: 8 }, 96, "layerNorm")),
      "constant norm": named(randomWeights({ kind: "topk", k: 8 }, 96, "constantNorm")),
      neurons: neuronCoder(model, "layers.2.mlp.neurons", { k: 16 }),
      random: randomCoder(model, "layers.0", { dSae: 500 }),
      identity: identityCoder(model, "layers.3.mlp"),
      heads: identityCoder(model, "layers.2.attention.heads"),
    });
  });

  it("writes the encoder in the version of the operators that the model is written in", async () => {
    const later = await modelOfOpset(18, folder);
    const thresholds = new Float32Array(96).fill(0.5);
    await compareAll(later, {
      threshold: weightedCoder(
        randomWeights({ kind: "threshold", name: "jumprelu", thresholds }, 96, "layerNorm"),
        {
          name: "random",
          hash: "",
        },
      ),
    });
    await later.close();
  });

  it("hands over nothing that is as wide as the coder", async () => {
    const coder = await loadSparseCoder("demo/layers.2.wide");
    const thresholds = new Float32Array(4096).fill(4);
    const sparse = weightedCoder(randomWeights({ kind: "threshold", name: "jumprelu", thresholds }, 4096), {
      name: "random",
      hash: "",
    });
    const tails = [coder, sparse].flatMap(({ tail }) => tail ?? []);
    const extended = (await model.extend?.(tails)) as ExtendedModel;
    const outputs = await extended.run(someTokens(8, 128));
    const sizes = outputs.map((found) => [...found.values()].reduce((sum, { data }) => sum + data.length, 0));
    expect(sizes[0]).toBe(2 * 1024 * Number(coder.kind.split(" ")[1]));
    const { latents } = await sparse.encode(
      (await model.activations(someTokens(8, 128), ["layers.1"])).get("layers.1") as never,
    );
    expect(latents.length).toBeGreaterThan(10);
    // Two places and 32 values for each block that holds an active latent.
    expect(sizes[1]).toBeLessThanOrEqual(34 * latents.length);
    await Promise.all([extended.close(), coder.close(), sparse.close()]);
  });

  it("refuses a hookpoint that the model lacks, and tokens that it does not know", async () => {
    const append = () => ({});
    await expect(model.extend?.([{ hookpoints: ["layers.9"], append }])).rejects.toThrow(HookpointError);
    const coder = neuronCoder(model, "layers.0.mlp.neurons");
    const extended = (await model.extend?.(coder.tail ? [coder.tail] : [])) as ExtendedModel;
    await expect(extended.run(tensor(Int32Array.of(5000), [1, 1]))).rejects.toThrow("its ids are 0 to 2047");
    await extended.close();
  });
});
