/** Every further layout, written from known weights and compared with its formula in plain arithmetic. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeSafetensors, type TensorToStore } from "../../src/formats/safetensors.js";
import { seededRandom } from "../../src/random.js";
import { transpose } from "../../src/sparse/coder-weights.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { encodeTorch } from "./torch-file.js";

/** Square in the trap's sense too: `d_sae` equals `d_model`, so a transposed matrix would fit. */
const d = 6;
const n = 6;
const { random } = seededRandom("written layouts");
const numbers = (...shape: number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() * 4 - 2),
    shape,
  );
const encoder = numbers(n, d);
const decoder = numbers(n, d);
const encoderBias = numbers(n);
const decoderBias = numbers(d);
const threshold = tensor(
  numbers(n).data.map((x) => Math.abs(x)),
  [n],
);
const skip = numbers(d, d);
const k = 2;

type Vector = number[];
interface Formula {
  norm?: (x: Vector) => { x: Vector; undo: (out: Vector) => Vector };
  subtracts?: boolean;
  select: (h: Vector) => Vector;
  /** What decoder rows are multiplied by, where it is not the latents. */
  weigh?: (latents: Vector) => Vector;
  skips?: boolean;
}

const matrixTimes = (m: Tensor, x: Vector): Vector =>
  Array.from({ length: m.shape[0] }, (_, i) =>
    x.reduce((sum, value, j) => sum + value * m.data[i * m.shape[1] + j], 0),
  );

/** The coder's definition, read off the papers and libraries; shares no code with the product. */
function evaluate(x: Vector, { norm, subtracts, select, weigh, skips }: Formula) {
  const { x: given, undo } = norm?.(x) ?? { x, undo: (out: Vector) => out };
  const centred = subtracts ? given.map((value, i) => value - decoderBias.data[i]) : given;
  const latents = select(matrixTimes(encoder, centred).map((value, i) => value + encoderBias.data[i]));
  const decoded = undo(
    matrixTimes(transpose(decoder), weigh?.(latents) ?? latents).map(
      (value, i) => value + decoderBias.data[i],
    ),
  );
  const passed = skips ? matrixTimes(skip, x) : x.map(() => 0);
  return { latents, decoded: decoded.map((value, i) => value + passed[i]) };
}

const relu = (h: Vector) => h.map((value) => Math.max(0, value));
const jump = (h: Vector) => h.map((value, i) => (value > threshold.data[i] ? value : 0));
const largest = (h: Vector) => {
  const cut = [...h].sort((a, b) => b - a)[k - 1];
  return relu(h.map((value) => (value >= cut ? value : 0)));
};
const groupMax = (h: Vector) =>
  relu(h).map((value, i) => {
    const start = Math.floor(i / (n / k)) * (n / k);
    return value === Math.max(...relu(h).slice(start, start + n / k)) ? value : 0;
  });
const layerNorm = (x: Vector) => {
  const mean = x.reduce((a, b) => a + b) / d;
  const deviation = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / (d - 1));
  return {
    x: x.map((value) => (value - mean) / (deviation + 1e-5)),
    undo: (out: Vector) => out.map((value) => value * deviation + mean),
  };
};
const constantNorm = (x: Vector) => {
  const factor = Math.sqrt(d) / Math.hypot(...x);
  return { x: x.map((v) => v * factor), undo: (out: Vector) => out.map((v) => v / factor) };
};
const dataSetNorm = (x: Vector) => {
  const factor = Math.sqrt(d) / 7;
  return { x: x.map((v) => v * factor), undo: (out: Vector) => out.map((v) => v / factor) };
};

type Files = Record<string, object | string | Uint8Array>;
const safetensors = (tensors: Record<string, TensorToStore>) => encodeSafetensors(tensors);
const flipped = { encoder: transpose(encoder), decoder: transpose(decoder), skip: transpose(skip) };
const saelens = { W_enc: flipped.encoder, b_enc: encoderBias, W_dec: decoder, b_dec: decoderBias };
const rows = { W_enc: encoder, b_enc: encoderBias, W_dec: decoder, b_dec: decoderBias };
const lower = { w_enc: flipped.encoder, b_enc: encoderBias, w_dec: decoder, b_dec: decoderBias, threshold };
const linear = {
  "encoder.weight": encoder,
  "encoder.bias": encoderBias,
  "decoder.weight": flipped.decoder,
  "decoder.bias": decoderBias,
};
const openai = {
  pre_bias: decoderBias,
  "encoder.weight": encoder,
  latent_bias: encoderBias,
  "decoder.weight": flipped.decoder,
};
const saelensFiles = (cfg: object, tensors: Record<string, TensorToStore> = {}): Files => ({
  "sae/cfg.json": { metadata: { hook_name: "blocks.3.hook_resid_post" }, ...cfg },
  "sae/sae_weights.safetensors": safetensors({ ...saelens, ...tensors }),
});
const gemma2 = (config: object, tensors: Record<string, TensorToStore> = {}): Files => ({
  "gemma/config.json": { architecture: "jump_relu", type: "sae", ...config },
  "gemma/params.safetensors": safetensors({ ...lower, ...tensors }),
});
const sparsify = {
  "encoder.weight": encoder,
  "encoder.bias": encoderBias,
  W_dec: decoder,
  b_dec: decoderBias,
};

const norms = Array.from({ length: n }, (_, i) => Math.hypot(...decoder.data.subarray(i * d, (i + 1) * d)));
const byNorm = (h: Vector) => h.map((value, i) => value * norms[i]);
/** The decoder's rows of length 1, as SAELens takes them where latents are scaled by their lengths. */
const perNorm = (latents: Vector) => latents.map((value, i) => value / norms[i]);
/** The same matrices, as of two places of half the width. */
const half = d / 2;
const parts = (t: Tensor, ...shape: number[]) => tensor(t.data, shape);
const byPlace = tensor(
  Float32Array.from({ length: n * d }, (_, at) => {
    const [place, i, j] = [Math.floor(at / (n * half)), Math.floor(at / half) % n, at % half];
    return decoder.data[i * d + place * half + j];
  }),
  [2, n, half],
);
/** Decoders of three layers, of which this is the second (or the first, from here on). */
const layered = (before: number, after: number) => {
  const all = before + 1 + after;
  const written = numbers(n, all, d);
  for (let i = 0; i < n; i++)
    written.data.set(decoder.data.subarray(i * d, (i + 1) * d), (i * all + before) * d);
  return written;
};
const dictionaryLearning = (dictClass: string, tensors: Record<string, Tensor>): Files => ({
  "trainer_0/config.json": { trainer: { dict_class: dictClass, submodule_name: "resid_post_layer_3" } },
  "trainer_0/ae.pt": encodeTorch(tensors),
});

const heads = ["layers.3.attention.heads"] as const;
const mlp = ["layers.3.mlp.input", "layers.3.mlp"] as const;
/** Name, path, files, formula, hookpoints, and the hookpoint to be told where files do not. */
const cases: readonly [string, string, Files, Formula, readonly [string, string?], string?][] = [
  [
    "SAELens with layer_norm",
    "sae",
    saelensFiles({ architecture: "standard", normalize_activations: "layer_norm" }),
    { norm: layerNorm, subtracts: true, select: relu },
    ["layers.3"],
  ],
  [
    "SAELens with constant_norm_rescale",
    "sae",
    saelensFiles(
      {
        architecture: "jumprelu",
        normalize_activations: "constant_norm_rescale",
        apply_b_dec_to_input: false,
      },
      { threshold },
    ),
    { norm: constantNorm, select: jump },
    ["layers.3"],
  ],
  [
    "SAELens jumprelu_skip_transcoder",
    "sae",
    saelensFiles(
      {
        architecture: "jumprelu_skip_transcoder",
        metadata: { hook_name: "blocks.3.ln2.hook_normalized", hook_name_out: "blocks.3.hook_mlp_out" },
      },
      { threshold, W_skip: skip },
    ),
    { select: jump, skips: true },
    mlp,
  ],
  [
    "SAELens before version 6, top-k on heads",
    "sae",
    saelensFiles({
      architecture: "standard",
      activation_fn_str: "topk",
      activation_fn_kwargs: { k },
      reshape_activations: "hook_z",
      hook_name: "blocks.3.attn.hook_z",
      metadata: {},
    }),
    { subtracts: true, select: largest },
    heads,
  ],
  [
    "SAELens batchtopk, as in training",
    "sae",
    saelensFiles({ architecture: "batchtopk" }, { topk_threshold: tensor(Float64Array.of(0.75), []) }),
    { subtracts: true, select: (h) => h.map((value) => (value > 0.75 ? value : 0)) },
    ["layers.3"],
  ],
  [
    "SAELens matryoshka_batchtopk with latents scaled by decoder norms",
    "sae",
    saelensFiles(
      { architecture: "matryoshka_batchtopk", rescale_acts_by_decoder_norm: true },
      { topk_threshold: tensor(Float64Array.of(0.75), []) },
    ),
    {
      subtracts: true,
      select: (h) => byNorm(h).map((value) => (value > 0.75 ? value : 0)),
      weigh: perNorm,
    },
    ["layers.3"],
  ],
  [
    "SAELens skip_transcoder",
    "sae",
    saelensFiles(
      {
        architecture: "skip_transcoder",
        metadata: { hook_name: "blocks.3.mlp.hook_in", hook_name_out: "blocks.3.hook_mlp_out" },
      },
      { W_skip: skip },
    ),
    { select: relu, skips: true },
    mlp,
  ],
  [
    "sparsify with groupmax",
    "layers.3",
    {
      "layers.3/cfg.json": { activation: "groupmax", k },
      "layers.3/sae.safetensors": safetensors(sparsify),
    },
    { subtracts: true, select: groupMax },
    ["layers.3"],
  ],
  [
    "Gemma Scope 2",
    "gemma",
    gemma2({ hf_hook_point_in: "model.layers.3.output", hf_hook_point_out: "model.layers.3.output" }),
    { select: jump },
    ["layers.3"],
  ],
  [
    "Gemma Scope 2, transcoder with an affine skip connection",
    "gemma",
    gemma2(
      {
        type: "transcoder",
        hf_hook_point_in: "model.layers.3.pre_feedforward_layernorm.output",
        hf_hook_point_out: "model.layers.3.post_feedforward_layernorm.output",
      },
      { affine_skip_connection: flipped.skip },
    ),
    { select: jump, skips: true },
    mlp,
  ],
  [
    "Gemma Scope 2 on heads",
    "gemma",
    gemma2({ hf_hook_point_in: "model.layers.3.self_attn.o_proj.input" }),
    { select: jump },
    heads,
  ],
  [
    "Gemma Scope 2, a layer of a cross-layer transcoder",
    "clt/params_layer_1.safetensors",
    {
      "clt/config.json": {
        type: "clt",
        hf_hook_point_in: "model.layers.{layer}.pre_feedforward_layernorm.output",
        hf_hook_point_out: "model.layers.{layer}.post_feedforward_layernorm.output",
      },
      "clt/params_layer_0.safetensors": safetensors(lower),
      "clt/params_layer_1.safetensors": safetensors({
        ...lower,
        w_dec: layered(1, 1),
        affine_skip_connection: flipped.skip,
      }),
    },
    { select: jump, skips: true },
    ["layers.1.mlp.input", "layers.1.mlp"],
  ],
  [
    "circuit-tracer, a layer of a cross-layer transcoder",
    "clt/W_enc_3.safetensors",
    {
      "clt/config.yaml": 'feature_input_hook: "mlp.hook_in"\nfeature_output_hook: "hook_mlp_out"\n',
      "clt/W_enc_3.safetensors": safetensors({
        W_enc_3: encoder,
        b_enc_3: encoderBias,
        b_dec_3: decoderBias,
        threshold_3: threshold,
      }),
      "clt/W_dec_3.safetensors": safetensors({ W_dec_3: layered(0, 2) }),
    },
    { select: jump },
    mlp,
  ],
  [
    "a crosscoder of two models",
    "cc",
    {
      "cc/cfg.json": { hook_point: "blocks.4.hook_resid_pre" },
      "cc/cc_weights.pt": encodeTorch({
        W_enc: parts(flipped.encoder, 2, half, n),
        b_enc: encoderBias,
        W_dec: parts(decoder, n, 2, half),
        b_dec: parts(decoderBias, 2, half),
      }),
    },
    { select: relu },
    ["layers.3+layers.3"],
  ],
  [
    "dictionary_learning CrossCoder",
    "trainer_0",
    dictionaryLearning("CrossCoder", {
      "encoder.weight": parts(flipped.encoder, 2, half, n),
      "encoder.bias": encoderBias,
      "decoder.weight": byPlace,
      "decoder.bias": parts(decoderBias, 2, half),
    }),
    { select: relu },
    ["layers.2+layers.3"],
    "layers.2+layers.3",
  ],
  [
    "dictionary_learning AutoEncoderNew",
    "trainer_0",
    dictionaryLearning("AutoEncoderNew", linear),
    { select: relu },
    ["layers.3"],
  ],
  [
    "Kissane's and Krzyzanowski's coder of heads",
    "gpt2_L3_z.pt",
    { "gpt2_L3_z.pt": encodeTorch(saelens), "gpt2_L3_z_cfg.json": { act_name: "blocks.3.attn.hook_z" } },
    { subtracts: true, select: relu },
    heads,
  ],
  [
    "Goodfire's of DeepSeek-R1",
    "DeepSeek-R1-SAE-l3.pt",
    { "DeepSeek-R1-SAE-l3.pt": encodeTorch(linear) },
    { select: relu },
    ["layers.3"],
  ],
  [
    "llamascopium, scaled by each position's length",
    "llama",
    {
      "llama/config.json": {
        hook_point_in: "blocks.3.hook_resid_post",
        norm_activation: "token-wise",
        act_fn: "topk",
        top_k: k,
      },
      "llama/sae_weights.safetensors": safetensors({
        W_E: flipped.encoder,
        b_E: encoderBias,
        W_D: decoder,
        b_D: decoderBias,
      }),
    },
    { norm: constantNorm, select: largest },
    ["layers.3"],
  ],
  [
    "OpenAI v5",
    "resid_delta_mlp_v5_32k/autoencoders/3.pt",
    {
      "resid_delta_mlp_v5_32k/autoencoders/3.pt": encodeTorch({
        ...openai,
        activation: "TopK",
        activation_state_dict: { k, postact_fn: "ReLU" },
      }),
    },
    { norm: layerNorm, subtracts: true, select: largest },
    ["layers.3.mlp"],
  ],
  [
    "OpenAI v4",
    "mlp_post_act/autoencoders/3.pt",
    { "mlp_post_act/autoencoders/3.pt": encodeTorch({ ...openai, activation: "ReLU" }) },
    { subtracts: true, select: relu },
    ["layers.3.mlp.neurons"],
  ],
  [
    "Llama Scope",
    "llama",
    {
      "llama/hyperparams.json": {
        hook_point_in: "blocks.3.hook_resid_post",
        hook_point_out: "blocks.3.hook_resid_post",
        act_fn: "jumprelu",
        jump_relu_threshold: 0.5,
        dataset_average_activation_norm: { in: 7, out: 7 },
        norm_activation: "dataset-wise",
      },
      "llama/checkpoints/final.safetensors": safetensors(linear),
    },
    { norm: dataSetNorm, select: (h) => h.map((value) => (value > 0.5 ? value : 0)) },
    ["layers.3"],
  ],
  [
    "Llama Scope with logarithms of thresholds",
    "llama",
    {
      "llama/config.json": { hook_point_in: "blocks.3.hook_resid_post" },
      "llama/sae_weights.safetensors": safetensors({
        ...linear,
        log_jumprelu_threshold: tensor(threshold.data.map(Math.log), [n]),
      }),
    },
    { select: jump },
    ["layers.3"],
  ],
  [
    "llamascopium with thresholds by decoder norm",
    "llama",
    {
      "llama/config.json": { hook_point_in: "blocks.3.hook_resid_post", sparsity_include_decoder_norm: true },
      "llama/sae_weights.safetensors": safetensors({
        W_E: flipped.encoder,
        b_E: encoderBias,
        W_D: decoder,
        b_D: decoderBias,
        "activation_function.log_jumprelu_threshold": tensor(threshold.data.map(Math.log), [n]),
      }),
    },
    {
      select: (h) =>
        h.map((value, i) => {
          const length = Math.hypot(...decoder.data.subarray(i * d, (i + 1) * d));
          return value * length > threshold.data[i] ? value : 0;
        }),
    },
    ["layers.3"],
  ],
  [
    "Qwen-Scope",
    "qwen/layer3.sae.pt",
    {
      "qwen/config.json": { model_type: "topk_sae", k, hook_point: "resid_post" },
      "qwen/layer3.sae.pt": encodeTorch({ ...rows, W_dec: flipped.decoder }),
      "qwen/layer4.sae.pt": encodeTorch({ ...rows }),
    },
    { select: largest },
    ["layers.3"],
  ],
  [
    "Goodfire",
    "Llama-SAE-l3.pth",
    {
      "Llama-SAE-l3.pth": encodeTorch(
        Object.fromEntries(Object.entries(linear).map(([name, t]) => [name.replace(".", "_linear."), t])),
      ),
    },
    { select: relu },
    ["layers.3"],
  ],
  [
    "circuit-tracer, JumpReLU with skip",
    "transcoders/layer_3.safetensors",
    {
      "transcoders/layer_3.safetensors": safetensors({
        ...rows,
        "activation_function.threshold": threshold,
        W_skip: skip,
      }),
    },
    { select: jump, skips: true },
    mlp,
  ],
  [
    "circuit-tracer, ReLU, hooks from config.yaml",
    "transcoders/layer_3.safetensors",
    {
      "transcoders/config.yaml":
        'model_name: "m"\nfeature_input_hook: "hook_resid_post" # here\nfeature_output_hook: hook_mlp_out\n',
      "transcoders/layer_3.safetensors": safetensors(rows),
      "transcoders/layer_4.safetensors": safetensors(rows),
    },
    { select: relu },
    ["layers.3", "layers.3.mlp"],
  ],
];

let folder: string;
let counter = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "saelab-layouts-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(files: Files): Promise<string> {
  const place = join(folder, String(counter++));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(place, name)), { recursive: true });
    const raw = typeof content === "string" || content instanceof Uint8Array;
    await writeFile(join(place, name), raw ? content : JSON.stringify(content));
  }
  return place;
}

describe("loadSparseCoder()", () => {
  it.each(cases)(
    "gives the latents and reconstructions of %s",
    async (_, path, files, formula, hooks, told) => {
      const coder = await loadSparseCoder(join(await write(files), path), { hookpoint: told });
      const [hookpoint, hookpointOut = hookpoint] = hooks;
      expect(coder).toMatchObject({ hookpoint, hookpointOut, dModel: d, dSae: n });
      const x = numbers(50, d);
      const found = await coder.encode(x);
      const dense = new Float32Array(50 * n);
      found.latents.forEach((latent, i) => {
        dense[found.positions[i] * n + latent] = found.values[i];
      });
      const decoded = await coder.decode(found, x);
      for (let p = 0; p < 50; p++) {
        const wanted = evaluate([...x.data.subarray(p * d, (p + 1) * d)], formula);
        for (let i = 0; i < n; i++) expect(dense[p * n + i]).toBeCloseTo(wanted.latents[i], 4);
        for (let i = 0; i < d; i++) expect(decoded.data[p * d + i]).toBeCloseTo(wanted.decoded[i], 3);
      }
      await coder.close();
    },
  );

  it("asks which file is meant where a folder holds several coders", async () => {
    const place = await write({
      "layer_0.safetensors": safetensors(rows),
      "layer_1.safetensors": safetensors(rows),
    });
    await expect(loadSparseCoder(place)).rejects.toThrow(
      "it holds layer_0.safetensors, layer_1.safetensors; give the path of one of them",
    );
  });

  it("refuses torch files of no known kind, places that are no hookpoints, kinds that are not read", async () => {
    const other = await write({ "some.pth": encodeTorch({ weight: encoder }) });
    await expect(loadSparseCoder(other)).rejects.toThrow(
      "it has weight; a file with encoder_linear.weight is wanted",
    );
    const queries = await write(gemma2({ hf_hook_point_in: "model.layers.3.self_attn.q_proj.input" }));
    await expect(loadSparseCoder(join(queries, "gemma"))).rejects.toThrow(
      'its hf_hook_point_in is "model.layers.3.self_attn.q_proj.input", which is no hookpoint',
    );
    const cross = await write(gemma2({ type: "crosscoder" }));
    await expect(loadSparseCoder(join(cross, "gemma"))).rejects.toThrow("it is a crosscoder with jump_relu");
    const batch = await write({
      "sae_weights.safetensors": safetensors(linear),
      "config.json": { hook_point_in: "blocks.3.hook_resid_post", norm_activation: "batch-wise" },
    });
    await expect(loadSparseCoder(batch)).rejects.toThrow("its norm_activation is batch-wise");
  });

  it.each<[string, Files, string]>([
    ["sae", saelensFiles({ architecture: "temporal" }), "its architecture is temporal"],
    [
      "sae",
      saelensFiles({ architecture: "standard", activation_fn: "tanh-relu" }),
      "its activation_fn is tanh-relu; relu or topk is wanted",
    ],
    [
      "sae",
      saelensFiles({ architecture: "standard", metadata: { hook_name: "x", hook_head_index: 3 } }),
      "its hook_head_index is 3",
    ],
    ["sae", saelensFiles({}, { scaling_factor: threshold }), "it has a scaling_factor other than 1"],
    [
      "layers.3",
      {
        "layers.3/cfg.json": { k, signed: true },
        "layers.3/sae.safetensors": safetensors(sparsify),
      },
      "it is signed, and a latent below 0 does not fire",
    ],
    [
      "llama",
      {
        "llama/config.json": { hook_point_in: "blocks.3.hook_resid_post", sae_type: "lorsa" },
        "llama/sae_weights.safetensors": safetensors(linear),
      },
      "its sae_type is lorsa",
    ],
    [
      "llama",
      {
        "llama/config.json": { hook_point_in: "blocks.3.hook_resid_post" },
        "llama/sae_weights.safetensors": safetensors({ ...linear, W_E_glu: encoder }),
      },
      "its encoder has a gated linear unit",
    ],
    [
      "clt/params_layer_1.safetensors",
      {
        "clt/config.json": { type: "crosscoder" },
        "clt/params_layer_1.safetensors": safetensors(lower),
      },
      "says that it is a crosscoder; a clt is wanted",
    ],
    ["trainer_0", dictionaryLearning("CrossCoder", linear), "one matrix for each place is wanted"],
    [
      "clt/W_enc_3.safetensors",
      {
        "clt/config.yaml": "feature_input_hook: mlp.hook_in",
        "clt/W_enc_3.safetensors": safetensors({ W_enc_3: encoder, b_enc_3: encoderBias }),
        "clt/W_dec_3.safetensors": safetensors({ W_dec_3: numbers(n, d) }),
      },
      "check that all files are of one coder",
    ],
  ])("says of %s %# why it is not read", async (path, files, reason) => {
    await expect(loadSparseCoder(join(await write(files), path))).rejects.toThrow(reason);
  });

  it("refuses groups that are not equal, and to decode normalised inputs without them", async () => {
    const uneven = await write({
      "layers.3/cfg.json": { activation: "groupmax", k: 4 },
      "layers.3/sae.safetensors": safetensors(sparsify),
    });
    await expect(loadSparseCoder(join(uneven, "layers.3"))).rejects.toThrow(
      "6 latents do not make 4 equal groups",
    );
    const files = saelensFiles({ architecture: "standard", normalize_activations: "layer_norm" });
    const coder = await loadSparseCoder(join(await write(files), "sae"));
    const latents = await coder.encode(numbers(1, d));
    await expect(coder.decode(latents)).rejects.toThrow("it normalises its input, so give the input");
    await coder.close();
  });
});
