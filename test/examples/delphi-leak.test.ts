import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { delphiLeak } from "../../src/examples/delphi-leak.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";
import { openTheirCache } from "./delphi-cache.js";

const root = mkdtempSync(join(tmpdir(), "saelab-delphi-leak-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(!hasRealData)(`delphiLeak() ${needsRealData}`, () => {
  let cache: LatentCache;
  beforeAll(async () => {
    cache = await openTheirCache(join(root, "cache"));
  });

  /** A folder of scores of which each row has what is looked at. */
  function results(name: string, files: Record<string, string>, config?: object): string {
    const folder = join(root, name, "scores", "detection");
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    if (config) writeFileSync(join(root, name, "run_config.json"), JSON.stringify(config));
    return folder;
  }

  it.each(["detection", "fuzz"])(
    "tells of its own %s how many of its test windows it explained from",
    async (scorer) => {
      const found = await delphiLeak(realData("delphi", "scores", scorer), cache);
      expect(found).toHaveLength(20);
      expect(found.map(({ latent }) => latent.index)).toEqual(
        [...found.map(({ latent }) => latent.index)].sort((a, b) => a - b),
      );
      const equal = found.map(({ leak }) => leak?.equal ?? Number.NaN);
      // 11 to 15 of 50 were explained from, word for word.
      expect(Math.min(...equal)).toBe(0.22);
      expect(Math.max(...equal)).toBe(0.3);
      expect(equal.reduce((sum, share) => sum + share, 0) / 20).toBeCloseTo(0.239, 12);
    },
  );

  it("draws again with the options of the run", async () => {
    // python -c "from delphi.config import *; print(SamplerConfig(...).to_dict(), ConstructorConfig(...).to_dict())"
    const config = {
      sampler_cfg: {
        n_examples_train: 30,
        n_examples_test: 20,
        n_quantiles: 5,
        train_type: "mix",
        test_type: "quantiles",
        ratio_top: 0.2,
      },
      constructor_cfg: {
        example_ctx_len: 64,
        min_examples: 100,
        n_non_activating: 50,
        center_examples: true,
      },
    };
    const options = { train: 30, test: 20, quantiles: 5, windowLength: 64, minWindows: 100 } as const;
    const latent = { hookpoint: "layers.2", index: 4 };
    const { test } = sampleExamples(cache, latent, { compat: "delphi", ...options, trainSampling: "mixed" });
    const rows = test.map(({ quantile, activations }) => ({
      activating: true,
      distance: quantile,
      activations: [...activations],
    }));
    const scores = JSON.stringify([{ activating: false, distance: -1, activations: [0] }, ...rows.reverse()]);
    const [found] = await delphiLeak(results("options", { "layers.2_latent4.txt": scores }, config), cache);
    expect(found).toMatchObject({
      latent,
      leak: { train: 26, test: 20, equal: expect.toSatisfy((share) => share > 0) },
    });
    // Other options draw other windows.
    const [other] = await delphiLeak(results("defaults", { "layers.2_latent4.txt": scores }), cache);
    expect(other?.leak).toBeUndefined();
  });

  it("says of a latent why there is nothing to tell, and goes on", async () => {
    const own = readFileSync(realData("delphi", "scores", "detection", "layers.2_latent4.txt"), "utf8");
    const found = await delphiLeak(
      results("damaged", {
        "layers.2_latent4.txt": own,
        "layers.2_latent49.txt": own,
        "layers.2_latent105.txt": own.slice(0, 50),
        "layers.20_latent4.txt": own,
      }),
      cache,
    );
    expect(found).toEqual([
      { latent: { hookpoint: "layers.2", index: 4 }, leak: expect.objectContaining({ test: 50 }) },
      {
        latent: { hookpoint: "layers.2", index: 49 },
        leak: undefined,
        problem: expect.stringContaining("the test windows are others than delphi draws from this cache"),
      },
      {
        latent: { hookpoint: "layers.2", index: 105 },
        leak: undefined,
        problem: expect.stringContaining("JSON"),
      },
    ]);
  });

  it("refuses a folder without scores, and options that it has not", async () => {
    const config = { sampler_cfg: { train_type: "mix", ratio_top: 0.5 } };
    await expect(delphiLeak(results("ratio", {}, config), cache)).rejects.toThrow("with ratio_top 0.5");
    await expect(delphiLeak(join(root, "none"), cache)).rejects.toThrow("there is no such folder");
    await expect(delphiLeak(results("empty", { "layers.20_latent4.txt": "[]" }), cache)).rejects.toThrow(
      /it has no files like "layers.2_latent0.txt"; give a folder as "scores\/detection"$/,
    );
  });
});
