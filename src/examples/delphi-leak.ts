import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hookpointOfModule } from "../cache/delphi-layout.js";
import type { LatentCache } from "../cache/latent-cache.js";
import { FileError } from "../errors.js";
import { readJsonFile } from "../formats/json-file.js";
import type { Latent } from "../latent.js";
import { type DelphiExamplesOptions, delphiExamples } from "./delphi-examples.js";
import type { Example } from "./example.js";
import { type Leak, measureLeak } from "./leak.js";

/** What delphi's scores of one latent leak. */
export interface DelphiLeak {
  readonly latent: Latent;
  /** `undefined` where what it explained from cannot be told. */
  readonly leak: Leak | undefined;
  /** Why there is none. */
  readonly problem?: string;
}

/**
 * How much of what delphi scored explanations on they were written from, for every latent of the cache's hookpoint that has a file
 * in a folder of scores, as `results/<name>/scores/detection`; in order of index.
 *
 * delphi does not keep what it explained from, but draws it by fixed seeds: it is drawn again with the options of
 * `run_config.json`, two folders up (without such a file: its defaults), and believed where the test windows that these give
 * are those of the file, each activation of them.
 *
 * @param cache Of `openDelphiCache`: what the scores are of.
 * @throws {FileError} If there is no such folder, or it has no scores of the hookpoint.
 * @throws {RangeError} If the options are such as `delphiExamples` does not have.
 */
export async function delphiLeak(folder: string, cache: LatentCache): Promise<DelphiLeak[]> {
  const options = optionsOf((await readJsonFile(join(folder, "..", "..", "run_config.json"))) ?? {});
  const found: DelphiLeak[] = [];
  for (const { name, index } of await scoreFiles(folder, cache.hookpoint)) {
    const latent = { hookpoint: cache.hookpoint, index };
    try {
      const { train, test } = delphiExamples(cache, latent, options);
      checkSame(test, await readFile(join(folder, name), "utf8"));
      found.push({ latent, leak: measureLeak(train, test) });
    } catch (error) {
      found.push({ latent, leak: undefined, problem: (error as Error).message });
    }
  }
  return found;
}

/** By index. */
async function scoreFiles(folder: string, hookpoint: string): Promise<{ name: string; index: number }[]> {
  const names = await readdir(folder).catch((cause) => {
    throw new FileError(`Cannot audit the scores in "${folder}": there is no such folder`, folder, { cause });
  });
  const files = names.flatMap((name) => {
    const [, module = "", index] = /^(.+)_latent(\d+)\.txt$/.exec(name) ?? [];
    return index && hookpointOfModule(module) === hookpoint ? [{ name, index: Number(index) }] : [];
  });
  if (files.length > 0) return files.sort((a, b) => a.index - b.index);
  throw new FileError(
    `Cannot audit the scores in "${folder}": it has no files like "${hookpoint}_latent0.txt"; give a folder as "scores/detection"`,
    folder,
  );
}

/** @throws {Error} If the windows where the latent fires are others than those drawn. */
function checkSame(test: readonly Example[], scores: string): void {
  const keyOf = (quantile: unknown, activations: readonly number[] | Float32Array) =>
    `${quantile}: ${Float32Array.from(activations).join(" ")}`;
  const rows: unknown = JSON.parse(scores);
  const theirs = (Array.isArray(rows) ? rows : []).flatMap((row) =>
    row?.activating === true && Array.isArray(row.activations) ? [keyOf(row.distance, row.activations)] : [],
  );
  const drawn = test.map(({ quantile, activations }) => keyOf(quantile, activations));
  if (theirs.sort().join("\n") === drawn.sort().join("\n")) return;
  throw new Error(
    "Cannot tell what was explained from: the test windows are others than delphi draws from this cache with these options",
  );
}

interface RunConfig {
  readonly sampler_cfg?: {
    readonly n_examples_train?: number;
    readonly n_examples_test?: number;
    readonly n_quantiles?: number;
    readonly train_type?: "quantiles" | "top" | "random" | "mix";
    readonly ratio_top?: number;
  };
  readonly constructor_cfg?: {
    readonly example_ctx_len?: number;
    readonly min_examples?: number;
    readonly center_examples?: boolean;
  };
}

/** What a `run_config.json` lacks is as delphi has it. @throws {RangeError} If it mixes in another share of the strongest. */
function optionsOf({ sampler_cfg: sampling, constructor_cfg: laying }: RunConfig): DelphiExamplesOptions {
  if (sampling?.train_type === "mix" && (sampling.ratio_top ?? 0.2) !== 0.2) {
    throw new RangeError(
      `Cannot draw delphi's examples with ratio_top ${sampling.ratio_top}: its default, 0.2, is wanted`,
    );
  }
  return {
    train: sampling?.n_examples_train,
    test: sampling?.n_examples_test,
    nonActivating: 0,
    quantiles: sampling?.n_quantiles,
    trainSampling: sampling?.train_type === "mix" ? "mixed" : sampling?.train_type,
    windowLength: laying?.example_ctx_len,
    minWindows: laying?.min_examples,
    placement: laying?.center_examples === false ? "centred" : "tiles",
  };
}
