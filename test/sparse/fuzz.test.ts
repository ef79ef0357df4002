/**
 * Coders whose configuration or weights are damaged: they load, or are refused with an error of ours.
 * The suite stops after a few seconds; `SAELAB_FUZZ=10000` runs that many of each, however long it takes.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.js";
import { encodeSafetensors } from "../../src/formats/safetensors.js";
import { seededRandom } from "../../src/random.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { tensor } from "../../src/tensor.js";
import { mutate } from "../formats/mutate.js";
import { encodeTorch } from "./torch-file.js";

const all = process.env.SAELAB_FUZZ === undefined ? undefined : Number(process.env.SAELAB_FUZZ);
const longest = 500;
const [d, n] = [4, 6];
const numbers = (...shape: number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i)),
    shape,
  );
const json = (value: object) => Buffer.from(JSON.stringify(value));
const biases = { b_enc: numbers(n), b_dec: numbers(d) };
const threshold = numbers(n);
const linear = { "encoder.weight": numbers(n, d), "encoder.bias": numbers(n) };

/** Layout, its files, and which of them is loaded. */
const coders: readonly [string, Record<string, Uint8Array>, string][] = [
  [
    "sparsify",
    {
      "layers.1/cfg.json": json({ activation: "topk", k: 2, transcode: false, hookpoint: "layers.1" }),
      "layers.1/sae.safetensors": encodeSafetensors({ ...linear, W_dec: numbers(n, d), b_dec: numbers(d) }),
    },
    "layers.1",
  ],
  [
    "SAELens",
    {
      "sae/cfg.json": json({
        architecture: "jumprelu",
        normalize_activations: "layer_norm",
        reshape_activations: "none",
        metadata: { hook_name: "blocks.1.hook_resid_post", hook_head_index: null },
      }),
      "sae/sae_weights.safetensors": encodeSafetensors({
        ...biases,
        threshold,
        W_enc: numbers(d, n),
        W_dec: numbers(n, d),
      }),
    },
    "sae",
  ],
  [
    "Gemma Scope 2, cross-layer",
    {
      "clt/config.json": json({ type: "clt", hf_hook_point_in: "model.layers.{layer}.mlp.output" }),
      "clt/params_layer_1.safetensors": encodeSafetensors({
        ...biases,
        threshold,
        w_enc: numbers(d, n),
        w_dec: numbers(n, 3, d),
      }),
    },
    "clt/params_layer_1.safetensors",
  ],
  [
    "circuit-tracer, cross-layer",
    {
      "clt/config.yaml": Buffer.from("feature_input_hook: mlp.hook_in\nfeature_output_hook: hook_mlp_out\n"),
      "clt/W_enc_1.safetensors": encodeSafetensors({
        W_enc_1: numbers(n, d),
        b_enc_1: biases.b_enc,
        b_dec_1: biases.b_dec,
        threshold_1: threshold,
      }),
      "clt/W_dec_1.safetensors": encodeSafetensors({ W_dec_1: numbers(n, 2, d) }),
    },
    "clt/W_enc_1.safetensors",
  ],
  [
    "llamascopium",
    {
      "llama/config.json": json({
        hook_point_in: "blocks.1.hook_resid_post",
        act_fn: "jumprelu",
        jump_relu_threshold: 0.5,
        norm_activation: "dataset-wise",
        dataset_average_activation_norm: { in: 7, out: 7 },
      }),
      "llama/sae_weights.safetensors": encodeSafetensors({
        W_E: numbers(d, n),
        b_E: biases.b_enc,
        W_D: numbers(n, d),
        b_D: biases.b_dec,
      }),
    },
    "llama",
  ],
  [
    "dictionary_learning",
    {
      "trainer_0/config.json": json({
        trainer: { dict_class: "AutoEncoderTopK", k: 2, submodule_name: "resid_post_layer_1" },
      }),
      "trainer_0/ae.pt": encodeTorch({
        ...linear,
        "decoder.weight": numbers(d, n),
        b_dec: biases.b_dec,
      }),
    },
    "trainer_0",
  ],
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "saelab-fuzz-coders-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("damaged coders", { timeout: all === undefined ? 60_000 : 3_600_000 }, () => {
  it.each(coders)("of %s load, or are refused", async (name, files, path) => {
    const place = join(folder, name);
    const names = Object.keys(files);
    for (const file of names) {
      await mkdir(dirname(join(place, file)), { recursive: true });
      await writeFile(join(place, file), files[file]);
    }
    await (await loadSparseCoder(join(place, path))).close();
    const random = seededRandom(`fuzz ${name}`);
    const until = Date.now() + longest;
    let refused = 0;
    let count = 0;
    for (; count < (all ?? 10_000) && (all !== undefined || Date.now() < until); count++) {
      const file = names[count % names.length];
      await writeFile(join(place, file), mutate(files[file], random.fork(count)));
      try {
        const coder = await loadSparseCoder(join(place, path));
        coder.decoderRow(coder.dSae - 1);
        await coder.close();
      } catch (error) {
        const meant =
          error instanceof FileError || (error as Error).message.startsWith("Cannot make the sparse");
        if (!meant)
          throw new Error(`Damaged ${name} number ${count} (${file}) gave ${error}`, { cause: error });
        refused++;
      }
      await writeFile(join(place, file), files[file]);
    }
    expect(refused).toBeGreaterThan(count / 20);
  });
});
