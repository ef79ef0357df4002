import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HookpointError } from "../../src/errors.js";
import { openFile } from "../../src/formats/file-source.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import type { TensorFile } from "../../src/formats/tensor-file.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import type { CoderWeights } from "../../src/sparse/coder-weights.js";
import { editLatents, intervene, type LatentEdit } from "../../src/sparse/intervene.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { weightedCoder } from "../../src/sparse/weighted-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { errorTable } from "../largest-error.js";
import { exportsOf, openExport } from "../model/exported-models.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

interface Prompt {
  input_ids: number[];
  clean: string;
  greedy_ids: number[];
  add: {
    latent: number;
    strength: number;
    logits: string;
    kl_clean_intervened: number;
    kl_intervened_clean: number;
    greedy_ids_from_last_onward: number[];
  }[];
  ablate: {
    latent: number;
    activation?: number;
    positions: "last" | "all";
    logits: string;
    kl_clean_intervened: number;
  }[];
}

const table = errorTable();
afterAll(() => table.print("Interventions against PyTorch"));

const context = (ids: readonly number[]) => tensor(Int32Array.from(ids), [1, ids.length]);
const lastRow = ({ data, shape }: Tensor) => data.subarray(data.length - shape[2]);

function kl(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const logProbabilities = (x: ArrayLike<number>) => {
    const largest = Math.max(...Array.from(x));
    const total = Array.from(x).reduce((sum, value) => sum + Math.exp(value - largest), 0);
    return Array.from(x, (value) => value - largest - Math.log(total));
  };
  const [a, b] = [logProbabilities(p), logProbabilities(q)];
  return a.reduce((sum, value, i) => sum + Math.exp(value) * (value - b[i]), 0);
}

describe.skipIf(!hasRealData)(`intervene() on stories260k ${needsRealData}`, () => {
  let model: SubjectModel;
  let coder: SparseCoder;
  let wanted: TensorFile;
  let prompts: Prompt[];
  beforeAll(async () => {
    model = await loadModel(realData("stories260k"));
    coder = await loadSparseCoder(realData("saes", "sparsify", "layers.2"));
    wanted = await openSafetensors(await openFile(realData("golden", "interventions.safetensors")));
    prompts = JSON.parse(await readFile(realData("golden", "interventions.json"), "utf8")).prompts;
  });
  afterAll(() => Promise.all([model?.close(), coder?.close()]));

  async function compare(prompt: Prompt, name: string, edits: LatentEdit[]): Promise<Float32Array> {
    const logits = lastRow(await intervene(model, coder, { tokens: context(prompt.input_ids), edits }));
    const error = table.note(name, logits, (await wanted.float32(name)).data);
    expect(error, name).toBeLessThan(5e-4);
    return logits;
  }
  const near = (found: number, value: number) =>
    expect(Math.abs(found - value)).toBeLessThan(Math.max(1e-5, 1e-3 * value));

  it("without edits gives the clean logits", async () => {
    for (const prompt of prompts) await compare(prompt, prompt.clean, []);
  });

  it("adds a latent's direction: logits and both divergences", async () => {
    for (const prompt of prompts) {
      const clean = (await wanted.float32(prompt.clean)).data;
      for (const { latent, strength, logits, ...kls } of prompt.add) {
        const found = await compare(prompt, logits, [{ latent, add: strength, positions: [-1] }]);
        near(kl(clean, found), kls.kl_clean_intervened);
        near(kl(found, clean), kls.kl_intervened_clean);
      }
    }
  });

  it("ablates at the last position and at all, keeping the reconstruction error", async () => {
    for (const prompt of prompts) {
      const clean = (await wanted.float32(prompt.clean)).data;
      for (const { latent, positions, logits, kl_clean_intervened } of prompt.ablate) {
        const edit = { latent, scale: 0, positions: positions === "last" ? [-1] : undefined };
        near(kl(clean, await compare(prompt, logits, [edit])), kl_clean_intervened);
      }
    }
  });

  it("steers greedy continuations from the last position of the prompt onward", async () => {
    for (const prompt of prompts) {
      for (const { latent, strength, greedy_ids_from_last_onward: ids } of prompt.add) {
        const start = prompt.input_ids.length - 1;
        const found = [...prompt.input_ids];
        while (found.length < ids.length) {
          const positions = found.flatMap((_, i) => (i >= start ? [i] : []));
          const edits = [{ latent, add: strength, positions }];
          const logits = lastRow(await intervene(model, coder, { tokens: context(found), edits }));
          found.push(logits.indexOf(Math.max(...logits)));
        }
        expect(found).toEqual(ids);
      }
    }
  }, 60_000);
});

describe("intervene() on tiny exports", () => {
  it.each(["gpt2", "llama"])(
    "sets, scales, ablates and adds at once, as PyTorch does: %s",
    async (family) => {
      const folder = await mkdtemp(join(tmpdir(), "saelab-intervene-"));
      const file = await exportsOf(family);
      const model = await openExport(file, "torchscript", folder);
      const [encoder, encoderBias, decoder, decoderBias] = await Promise.all(
        ["encoder", "encoder_bias", "decoder", "decoder_bias"].map((name) => file.float32(`coder/${name}`)),
      );
      const weights: CoderWeights = {
        hookpoint: "layers.0",
        hookpointOut: "layers.0",
        activation: { kind: "topk", k: 8 },
        encoder,
        encoderBias: encoderBias.data,
        decoder,
        decoderBias: decoderBias.data,
        subtractsDecoderBias: true,
        skip: undefined,
      };
      const coder = weightedCoder(weights, { name: "random", hash: "" });
      const tokens = (await file.read("tokens")) as Tensor<Int32Array>;
      const edits = JSON.parse(file.metadata.edits) as LatentEdit[];
      expect(edits.length).toBe(5);
      const found = await intervene(model, coder, { tokens, edits });
      const [wanted, clean] = await Promise.all(
        ["intervention/logits", "golden/logits"].map((name) => file.float32(name)),
      );
      expect(table.note(`${family}, five edits at once`, found.data, wanted.data)).toBeLessThan(1e-4);
      expect(table.note(`${family}, five edits against none`, clean.data, wanted.data)).toBeGreaterThan(0.1);
      await Promise.all([model.close(), coder.close(), rm(folder, { recursive: true })]);
    },
  );
});

describe("interventions on the demo", () => {
  let model: SubjectModel;
  let coder: SparseCoder;
  let tokens: Tensor<Int32Array>;
  let x: Tensor;
  beforeAll(async () => {
    model = await loadModel("demo", { threads: 1 });
    coder = await loadSparseCoder("demo/layers.2", { threads: 1 });
    tokens = tensor(
      Int32Array.from({ length: 48 }, (_, i) => (i * 31 + 5) % model.tokenizer.vocabSize),
      [3, 16],
    );
    x = (await model.activations(tokens, ["layers.2"])).get("layers.2") as Tensor;
  });
  afterAll(() => Promise.all([model?.close(), coder?.close()]));

  it("a replaced hookpoint is what everything behind is computed from", async () => {
    const same = await model.logits(tokens, { replace: new Map([["layers.2", x]]) });
    expect(
      table.note("demo, layers.2 replaced by itself", same.data, (await model.logits(tokens)).data),
    ).toBe(0);
    const zeros = tensor(new Float32Array(x.data.length), x.shape);
    const replace = new Map([["layers.2", zeros]]);
    const found = await model.activations(tokens, ["layers.1", "layers.2", "layers.3"], { replace });
    expect(found.get("layers.2")?.data).toEqual(zeros.data);
    expect(found.get("layers.1")).toEqual((await model.activations(tokens, ["layers.1"])).get("layers.1"));
    // From zeros alone every position looks alike.
    const third = found.get("layers.3") as Tensor;
    expect(third.data.slice(0, model.dModel)).toEqual(third.data.slice(model.dModel, 2 * model.dModel));
  });

  it.each([
    "embed",
    "layers.1.attention.heads",
    "layers.1.attention",
    "layers.1.mlp.input",
    "layers.1.mlp.neurons",
    "layers.1.mlp",
  ])("%s can be replaced too", async (hookpoint) => {
    const own = (await model.activations(tokens, [hookpoint])).get(hookpoint) as Tensor;
    const clean = await model.logits(tokens);
    const same = await model.logits(tokens, { replace: new Map([[hookpoint, own]]) });
    expect(table.note(`demo, ${hookpoint} replaced by itself`, same.data, clean.data)).toBeLessThan(1e-5);
    const half = tensor(
      own.data.map((value) => value / 2),
      own.shape,
    );
    const changed = await model.logits(tokens, { replace: new Map([[hookpoint, half]]) });
    expect(changed.data).not.toEqual(clean.data);
  });

  it("editLatents() writes differences times decoder rows, at the given positions only", async () => {
    const { positions, latents, values } = await coder.encode(x);
    const edit = fc.record({
      latent: fc.integer({ min: 0, max: coder.dSae - 1 }),
      positions: fc.option(fc.array(fc.integer({ min: -16, max: 15 }), { maxLength: 4 }), { nil: undefined }),
      change: fc.constantFrom("add", "scale", "set"),
      by: fc.integer({ min: -4, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (drawn) => {
        const edits = drawn.map(
          ({ change, by, ...rest }) => ({ ...rest, [change]: by }) as unknown as LatentEdit,
        );
        const found = await editLatents(coder, { input: x, output: x }, edits);
        const state = new Map(Array.from(latents, (latent, i) => [`${positions[i]} ${latent}`, values[i]]));
        const wanted = Float64Array.from(x.data);
        const touched = new Set<number>();
        for (const { latent, positions: at, change, by } of drawn) {
          const places = new Set((at ?? [...Array(16).keys()]).map((p) => (p < 0 ? 16 + p : p)));
          for (let place = 0; place < 48; place++) {
            if (!places.has(place % 16)) continue;
            touched.add(place);
            const before = state.get(`${place} ${latent}`) ?? 0;
            const after = change === "set" ? by : change === "scale" ? before * by : before + by;
            state.set(`${place} ${latent}`, after);
            coder.decoderRow(latent).forEach((value, j) => {
              wanted[place * coder.dModel + j] += (after - before) * value;
            });
          }
        }
        for (let i = 0; i < wanted.length; i++) {
          if (touched.has(Math.floor(i / coder.dModel))) {
            expect(Math.abs(found.data[i] - wanted[i])).toBeLessThan(1e-4);
          } else {
            expect(found.data[i]).toBe(x.data[i]);
          }
        }
      }),
      { numRuns: 30, seed: 22 },
    );
  });

  it("refuses latents, positions, shapes and hookpoints that do not exist", async () => {
    const run = (edit: LatentEdit) => intervene(model, coder, { tokens, edits: [edit] });
    await expect(run({ latent: coder.dSae, add: 1 })).rejects.toThrow(RangeError);
    await expect(run({ latent: 0, add: 1, positions: [16] })).rejects.toThrow(
      "Cannot edit position 16: contexts have 16 positions",
    );
    await expect(run({ latent: 1.5, add: 1 })).rejects.toThrow("Cannot take latent 1.5");
    const wanted = "one of add, scale and set is wanted, a finite number";
    await expect(run({ latent: 0, add: Number.NaN })).rejects.toThrow(
      `Cannot edit latent 0: add: NaN is given; ${wanted}`,
    );
    await expect(run({ latent: 0 } as never)).rejects.toThrow(`nothing is given; ${wanted}`);
    await expect(run({ latent: 0, add: 1, scale: 0 })).rejects.toThrow(`add and scale is given; ${wanted}`);
    const short = tensor(new Float32Array(16 * model.dModel), [1, 16, model.dModel]);
    await expect(model.logits(tokens, { replace: new Map([["layers.2", short]]) })).rejects.toThrow(
      `the values are [1, 16, ${model.dModel}], [3, 16, ${model.dModel}] is wanted`,
    );
    await expect(model.logits(tokens, { replace: new Map([["layers.77", short]]) })).rejects.toThrow(
      HookpointError,
    );
  });
});
