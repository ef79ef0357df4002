/** The format doctor on reference coders, and on copies of them that declare something wrong. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import { HookpointError } from "../../src/errors.js";
import { openFile, readFileBytes } from "../../src/formats/file-source.js";
import { decodeNpy } from "../../src/formats/npy.js";
import { encodeSafetensors, openSafetensors, type TensorToStore } from "../../src/formats/safetensors.js";
import { seededRandom } from "../../src/random.js";
import { transpose } from "../../src/sparse/coder-weights.js";
import { inspectCoder } from "../../src/sparse/inspect-coder.js";
import { type Tensor, tensor } from "../../src/tensor.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

let folder: string;
let counter = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "saelab-doctor-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function hidden(layer: number): Promise<Tensor> {
  const file = await readFileBytes(realData("golden", `hidden_${layer}.npy`));
  return decodeNpy(file) as Tensor;
}

/** A copy of a coder with some settings and tensors changed. */
async function copyWith(
  source: string,
  { config = {}, weights }: { config?: object; weights?: (name: string, t: Tensor) => Tensor },
): Promise<string> {
  const path = join(folder, String(counter++), basename(source));
  await cp(source, path, { recursive: true });
  const cfg = JSON.parse(await readFile(join(path, "cfg.json"), "utf8"));
  await writeFile(join(path, "cfg.json"), JSON.stringify({ ...cfg, ...config }));
  if (!weights) return path;
  const name = source.includes("saelens") ? "sae_weights.safetensors" : "sae.safetensors";
  const opened = await openFile(join(source, name));
  const file = await openSafetensors(opened);
  const changed: Record<string, TensorToStore> = {};
  for (const key of file.tensors.keys()) changed[key] = weights(key, await file.float32(key));
  await opened.close();
  await writeFile(join(path, name), encodeSafetensors(changed));
  return path;
}

const times = (t: Tensor, factor: number) =>
  tensor(
    t.data.map((value) => value * factor),
    t.shape,
  );

describe.skipIf(!hasRealData)(`inspectCoder() ${needsRealData}`, () => {
  let activations: Map<string, Tensor>;
  const jumprelu = realData("saes", "saelens-jumprelu", "layer_2");
  const topk = realData("saes", "sparsify", "layers.2");
  beforeAll(async () => {
    activations = new Map(
      await Promise.all([1, 2, 3].map(async (i) => [`layers.${i}`, await hidden(i)] as const)),
    );
  });

  it.each([
    "sparsify/layers.2",
    "saelens-jumprelu/layer_2",
    "saelens-batchtopk/layer_2",
    "gemma-scope/layer_2/width_1k/average_l0_19",
    "dictionary_learning/resid_post_layer_2/trainer_0",
  ])("finds nothing wrong with %s", async (name) => {
    const found = await inspectCoder(realData("saes", ...name.split("/")), activations, { threads: 1 });
    expect(found.warning, String(found)).toBeUndefined();
    expect(found.best).toBe(found.declared);
    expect(found.declared.explainedVariance).toBeGreaterThan(0.7);
    expect(found.declared.differs).toBe("as declared");
    expect(found.variants.length).toBeGreaterThan(5);
  });

  const wrong: [string, () => Promise<string>, string][] = [
    [
      "a bias that is subtracted and should not be",
      () => copyWith(jumprelu, { config: { apply_b_dec_to_input: true } }),
      "b_dec not subtracted",
    ],
    [
      "a bias that is not subtracted and should be",
      () => copyWith(topk, { config: { transcode: true } }),
      "b_dec subtracted",
    ],
    [
      "inputs that are normalised and should not be",
      () => copyWith(jumprelu, { config: { normalize_activations: "layer_norm" } }),
      "input norm none",
    ],
    ["the wrong hookpoint", () => copyWith(topk, { config: { hookpoint: "layers.1" } }), "at layers.2"],
    [
      "thresholds that are stored as logarithms",
      () =>
        copyWith(jumprelu, {
          weights: (name, t) => (name === "threshold" ? tensor(t.data.map(Math.log), t.shape) : t),
        }),
      "thresholds logarithms",
    ],
    [
      "two things at once",
      () =>
        copyWith(jumprelu, {
          config: { apply_b_dec_to_input: true, normalize_activations: "constant_norm_rescale" },
        }),
      "b_dec not subtracted, input norm none",
    ],
  ];
  it.each(wrong)("finds %s", async (_, make, differs) => {
    const found = await inspectCoder(await make(), activations, { threads: 1 });
    expect(found.best.differs, String(found)).toBe(differs);
    expect(found.warning).toContain(`read with ${differs}`);
    expect(found.best.explainedVariance).toBeGreaterThan(0.7);
    expect(found.best.explainedVariance).toBeGreaterThan(found.declared.explainedVariance);
  });

  it("finds inputs that lack the scale that the coder was trained with", async () => {
    const x = activations.get("layers.2") as Tensor;
    const rows = x.data.length / 64;
    const lengths = Array.from({ length: rows }, (_, i) =>
      Math.hypot(...x.data.subarray(i * 64, i * 64 + 64)),
    );
    const scale = Math.sqrt(64) / (lengths.reduce((a, b) => a + b) / rows);
    const path = await copyWith(jumprelu, {
      weights: (name, t) => {
        if (name === "W_enc") return times(t, 1 / scale);
        return name === "W_dec" || name === "b_dec" ? times(t, scale) : t;
      },
    });
    const found = await inspectCoder(path, activations, { threads: 1 });
    expect(found.best.differs, String(found)).toBe("input norm meanLength");
  });

  it("warns where nothing explains, as with another model of the same width", async () => {
    const { random } = seededRandom("another model");
    const noise = tensor(
      Float32Array.from({ length: 500 * 64 }, () => random() * 2 - 1),
      [500, 64],
    );
    const found = await inspectCoder(topk, noise, { threads: 1 });
    expect(found.warning, String(found)).toMatch(/No reading explains|read with/);
    expect(found.best.explainedVariance).toBeLessThan(0.5);
  });

  it("leaves out positions that are very long", async () => {
    const x = activations.get("layers.2") as Tensor;
    const data = Float32Array.from(x.data);
    for (let i = 0; i < 64; i++) data[i] *= 1000;
    const found = await inspectCoder(topk, tensor(data, x.shape), { threads: 1, positions: 200 });
    expect(found).toMatchObject({ positions: 200, leftOut: 1, warning: undefined });
    expect(String(found)).toContain("on 200 positions, 1 very long ones left out");
    const bundle = (found as unknown as Record<symbol, () => object>)[jupyterDisplay]();
    expect(bundle).toEqual({ "text/plain": String(found) });
  });

  it("refuses activations of other places and widths", async () => {
    const x = activations.get("layers.2") as Tensor;
    await expect(inspectCoder(topk, new Map([["layers.1", x]]))).rejects.toThrow(HookpointError);
    const narrow = tensor(new Float32Array(320), [10, 32]);
    await expect(inspectCoder(topk, narrow)).rejects.toThrow(
      'it needs activations of "layers.2" that are 64 wide, found 32',
    );
  });
});

describe("inspectCoder() on square matrices", () => {
  const d = 8;
  const { random } = seededRandom("square");
  const x = tensor(
    Float32Array.from({ length: 300 * d }, () => random() * 2 - 1),
    [300, d],
  );
  /** Rotations of planes, one after another: their product is a rotation. */
  const rotation = () => {
    const data = new Float32Array(d * d);
    for (let i = 0; i < d; i++) data[i * d + i] = 1;
    for (let turn = 0; turn < 40; turn++) {
      const [a, b] = [turn % d, (turn * 3 + 1) % d];
      if (a === b) continue;
      const angle = random() * 2 * Math.PI;
      for (let j = 0; j < d; j++) {
        const [p, q] = [data[a * d + j], data[b * d + j]];
        data[a * d + j] = p * Math.cos(angle) - q * Math.sin(angle);
        data[b * d + j] = p * Math.sin(angle) + q * Math.cos(angle);
      }
    }
    return tensor(data, [d, d]);
  };
  const rows = rotation();
  // A bias that lifts every latent above 0, undone at the end: the reconstruction is exact.
  const lift = new Float32Array(d).fill(4);
  const undo = Float32Array.from(
    { length: d },
    (_, j) => -lift.reduce((s, l, i) => s + l * rows.data[i * d + j], 0),
  );
  const files = { W_enc: transpose(rows), b_enc: tensor(lift, [d]), W_dec: rows, b_dec: tensor(undo, [d]) };
  const cfg = {
    architecture: "standard",
    apply_b_dec_to_input: false,
    metadata: { hook_name: "blocks.0.hook_resid_post" },
  };
  it.each([
    ["as declared", files],
    ["encoder transposed", { ...files, W_enc: rows }],
    ["decoder transposed", { ...files, W_dec: transpose(rows) }],
    ["both matrices transposed", { ...files, W_enc: rows, W_dec: transpose(rows) }],
  ])("finds matrices that are %s", async (differs, weights) => {
    const path = join(folder, String(counter++));
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "cfg.json"), JSON.stringify(cfg));
    await writeFile(join(path, "sae_weights.safetensors"), encodeSafetensors(weights));
    const found = await inspectCoder(path, x, { threads: 1 });
    expect(found.best.differs, String(found)).toBe(differs);
    expect(found.best.explainedVariance).toBeGreaterThan(0.999);
  });
});
