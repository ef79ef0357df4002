import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError, HookpointError } from "../../src/errors.js";
import { encodeSafetensors } from "../../src/formats/safetensors.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { packageRoot } from "../../src/package-root.js";
import { checkFits } from "../../src/sparse/check-fits.js";
import { hookpointOf } from "../../src/sparse/hook-names.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { neuronCoder } from "../../src/sparse/neuron-coder.js";
import { tensor } from "../../src/tensor.js";

const demo = join(packageRoot(), "demo", "saes", "layers.2");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "saelab-bad-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function copyOfDemo(name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  for (const file of ["cfg.json", "sae.safetensors"]) await copyFile(join(demo, file), join(path, file));
  return path;
}

describe("loadSparseCoder()", () => {
  it("refuses a coder that is not there", async () => {
    await expect(loadSparseCoder("demo/layers.77")).rejects.toThrow(
      /Cannot load the sparse coder "demo\/layers\.77": there is no folder/,
    );
  });

  it("refuses what is no source, and a screen that it does not know", async () => {
    for (const source of ["", undefined, 7]) {
      await expect(loadSparseCoder(source as string)).rejects.toThrow(
        'give "demo/layers.2", a folder or "hf:',
      );
    }
    await expect(loadModel(undefined as never)).rejects.toThrow(
      'from undefined: give "demo", a folder or "hf:',
    );
    await expect(loadSparseCoder("demo/layers.2", { screen: "int4" as never })).rejects.toThrow(
      'with "int4": "int8" is the only screen',
    );
  });

  it("refuses a folder of another layout and says what it found", async () => {
    await mkdir(join(folder, "other"));
    await writeFile(join(folder, "other", "pytorch_model.bin"), "");
    const error = await loadSparseCoder(join(folder, "other")).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toContain(
      "the folder has pytorch_model.bin; one of sae.safetensors, sae_weights.safetensors, params.npz, ae.pt, params.safetensors, checkpoints/final.safetensors, layerN.sae.pt, layer_N.safetensors, W_enc_N.safetensors, params_layer_N.safetensors, cc_weights.pt, N.pt, NAME.pth, NAME.pt, NAME-lN.pt is wanted",
    );
  });

  it("refuses weights that are cut short, and a missing or damaged configuration", async () => {
    const path = await copyOfDemo("cut");
    await truncate(join(path, "sae.safetensors"), 5000);
    await expect(loadSparseCoder(path)).rejects.toThrow("it is cut short at 5000 of at least");
    await writeFile(join(path, "cfg.json"), "not json");
    await expect(loadSparseCoder(path)).rejects.toThrow("it is not JSON");
    await rm(join(path, "cfg.json"));
    await expect(loadSparseCoder(path)).rejects.toThrow('"cfg.json" is missing beside "sae.safetensors"');
  });

  it("refuses weights of whole numbers and of shapes that do not belong together", async () => {
    const path = await copyOfDemo("shapes");
    const weights = (encoder: Float32Array | Int32Array, bias: number) =>
      encodeSafetensors({
        "encoder.weight": { data: encoder, shape: [3, 2] },
        "encoder.bias": { data: new Float32Array(bias), shape: [bias] },
        W_dec: { data: new Float32Array(6), shape: [3, 2] },
        b_dec: { data: new Float32Array(2), shape: [2] },
      });
    await writeFile(join(path, "sae.safetensors"), weights(new Int32Array(6), 3));
    await expect(loadSparseCoder(path)).rejects.toThrow("it is I32; F32, F16, BF16 or F64 is wanted");
    await writeFile(join(path, "sae.safetensors"), weights(new Float32Array(6), 4));
    await expect(loadSparseCoder(path)).rejects.toThrow(
      /Cannot read "encoder\.bias" of ".*": it is \[4\], its configuration wants \[3\]/,
    );
  });

  it("gives another hash to other weights and to another configuration", async () => {
    const path = await copyOfDemo("hashes");
    const original = (await loadSparseCoder("demo/layers.2")).hash;
    expect((await loadSparseCoder(path)).hash).toBe(original);
    const bytes = await readFile(join(path, "sae.safetensors"));
    bytes[bytes.length - 2] ^= 1;
    await writeFile(join(path, "sae.safetensors"), bytes);
    const changed = (await loadSparseCoder(path)).hash;
    expect(changed).not.toBe(original);
    const config = JSON.parse(await readFile(join(path, "cfg.json"), "utf8"));
    await writeFile(join(path, "cfg.json"), JSON.stringify({ ...config, k: config.k + 1 }));
    expect((await loadSparseCoder(path)).hash).not.toBe(changed);
  });
});

describe("with the demo model", () => {
  let model: SubjectModel;
  beforeAll(async () => {
    model = await loadModel("demo");
  });
  afterAll(() => model.close());

  it("checkFits() passes every coder of the demo", async () => {
    const names = ["layers.0", "layers.1", "layers.2", "layers.3", "layers.2.wide", "layers.2.mlp"];
    for (const name of [...names, "layers.2.mlp.transcoder"]) {
      const coder = await loadSparseCoder(`demo/${name}`);
      expect(() => checkFits(model, coder)).not.toThrow();
    }
  });

  it("checkFits() refuses a hookpoint that the model lacks, and one of another width", async () => {
    const lacking = await loadSparseCoder("demo/layers.2", { hookpoint: "layers.9" });
    expect(() => checkFits(model, lacking)).toThrow(
      'Cannot use the sparse coder "demo/layers.2" at "layers.9" of "demo": the model has no such hookpoint; hookpoints of that width are embed, ',
    );
    const neurons = await loadSparseCoder("demo/layers.2", { hookpoint: "layers.2.mlp.neurons" });
    try {
      checkFits(model, neurons);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(HookpointError);
      expect((error as Error).message).toContain(
        "there it has 512 numbers per position, the coder takes 128",
      );
      expect((error as HookpointError).available).toContain("layers.2");
      expect((error as HookpointError).available).not.toContain("layers.2.mlp.neurons");
    }
  });

  it("neuronCoder() keeps the k largest positive neurons of each position", async () => {
    const coder = neuronCoder(model, "layers.2.mlp.neurons", { k: 3 });
    expect(coder).toMatchObject({ kind: "neurons 3", dModel: 512, dSae: 512, hookpointOut: coder.hookpoint });
    const x = tensor(new Float32Array(2 * 512).fill(-1), [1, 2, 512]);
    for (const [i, value] of [
      [7, 2],
      [1, 5],
      [500, 3],
      [40, 1],
      [512 + 9, 4],
    ]) {
      x.data[i] = value;
    }
    const { positions, latents, values, shape } = await coder.encode(x);
    expect([[...positions], [...latents], [...values], shape]).toEqual([
      [0, 0, 0, 1],
      [1, 7, 500, 9],
      [5, 2, 3, 4],
      [2, 512],
    ]);
    const decoded = await coder.decode({ positions, latents, values, shape });
    expect(decoded.shape).toEqual([2, 512]);
    expect([decoded.data[7], decoded.data[40], decoded.data[521]]).toEqual([2, 0, 4]);
    expect(coder.decoderRow(40).indexOf(1)).toBe(40);
    await coder.close();
  });

  it("neuronCoder() refuses unknown hookpoints and impossible k", () => {
    expect(() => neuronCoder(model, "layers.9.mlp.neurons")).toThrow(HookpointError);
    expect(() => neuronCoder(model, "layers.2.mlp.neurons", { k: 513 })).toThrow(
      'Cannot keep 513 neurons of "layers.2.mlp.neurons": it has 512; 1 to 512 is wanted',
    );
  });
});

describe("hookpointOf()", () => {
  it.each([
    ["blocks.2.hook_resid_post", "layers.2"],
    ["blocks.2.hook_resid_pre", "layers.1"],
    ["blocks.0.hook_resid_pre", undefined],
    ["blocks.11.hook_mlp_out", "layers.11.mlp"],
    ["blocks.3.ln2.hook_normalized", "layers.3.mlp.input"],
    ["blocks.3.mlp.hook_post", "layers.3.mlp.neurons"],
    ["blocks.3.attn.hook_z", "layers.3.attention.heads"],
    ["blocks.3.hook_mlp_in", undefined],
    ["layers.10.mlp", "layers.10.mlp"],
    ["layers.0.attention", "layers.0.attention"],
    ["model.layers.4.self_attn", "layers.4.attention"],
    ["transformer.h.7", "layers.7"],
    ["gpt_neox.layers.1.mlp", "layers.1.mlp"],
    ["embed_tokens", "embed"],
    ["hook_embed", "embed"],
    ["layer_2", undefined],
    ["layers.2.wide", undefined],
  ])("reads %s as %s", (name, hookpoint) => {
    expect(hookpointOf(name)).toBe(hookpoint);
  });
});
