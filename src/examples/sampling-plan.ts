import type { LatentCache } from "../cache/latent-cache.js";
import { type Latent, latentName } from "../latent.js";
import { type NegativeKind, type NegativeSources, negativeKinds } from "./negative-ladder.js";
import { type Part, type PartShares, parts } from "./split-documents.js";
import type { WindowGrid } from "./windows.js";

/** `coder` and `embedded` are for kinds of silent windows that are found by them. */
export interface SampleExamplesOptions extends NegativeSources {
  /** Examples for explainers. Default: 40, as in the paper. */
  train?: number | undefined;
  /** Silent windows for explainers that contrast, from train documents. Default: 0. */
  contrast?: number | undefined;
  /**
   * What kinds these are of, as many of a kind as there are before any of the next. Default: windows with a token on which
   * the latent fires elsewhere, then any.
   */
  contrastKinds?: readonly NegativeKind[] | undefined;
  /** Examples to choose between explanations on, with as many silent windows beside them. Default: 0. */
  select?: number | undefined;
  /** Examples to set judges and thresholds on. Default: 0. */
  calibrate?: number | undefined;
  /** Examples for scorers, an equal number from each quantile. Default: 100, as in the paper. */
  test?: number | undefined;
  /** Silent windows for scorers. Default: as many as `test`. */
  nonActivating?: number | undefined;
  /**
   * What kinds of `negativeLadder` these are of, an equal share of each; what a kind lacks is made up for by random ones, which
   * alone bear no kind. Score cards tell how often each kind was told apart. Default: random, co-active and same-token, the
   * rungs that need no coder and no model: against random ones alone, as in the paper, an explanation that is too broad is
   * hardly told from a right one.
   */
  negatives?: readonly NegativeKind[] | undefined;
  /** Tokens per window. Default: 32, as in the paper. */
  windowLength?: number | undefined;
  /** Rank slices. Default: 10, as in the paper. */
  quantiles?: number | undefined;
  /** Default: 22, as in the paper. */
  seed?: number | string | undefined;
  /**
   * How explainers' examples are chosen. `quantiles`: as many from each slice by rank. `values`: as many from each slice of
   * equal width by peak activation. `top`: the strongest. `random`: any. `mixed`: a fifth the strongest, the others by
   * quantile. Default: `quantiles`.
   */
  trainSampling?: "quantiles" | "values" | "top" | "random" | "mixed" | undefined;
  /** The least number of distinct windows in which the latent must fire. Default: as many as are asked for. */
  minWindows?: number | undefined;
  /** Only the strongest so many windows are ranked. Default: 10,000, as in the paper. */
  maxWindows?: number | undefined;
  /** How windows are laid: by `windows` (tiles) or by `centredWindows`. Default: `tiles`, as in the paper. */
  placement?: "tiles" | "centred" | undefined;
  /**
   * `delphi` draws what delphi draws, leak and all: see `delphiExamples`, to which `train`, `test`, `nonActivating`,
   * `windowLength`, `quantiles`, `minWindows`, `trainSampling` and `placement` go. Default: ours.
   */
  compat?: "delphi" | undefined;
}

/** Options with every default in place. */
export interface SamplingPlan
  extends NegativeSources,
    Required<{
      [K in Exclude<keyof SampleExamplesOptions, "compat" | keyof NegativeSources>]: NonNullable<
        SampleExamplesOptions[K]
      >;
    }> {
  readonly grid: WindowGrid;
}

const defaultNegatives: readonly NegativeKind[] = ["random", "co-active", "same-token"];

/** @throws {RangeError} If the latent is of another hookpoint, or a number makes no sense. */
export function samplingPlan(
  cache: LatentCache,
  latent: Latent,
  options: SampleExamplesOptions,
): SamplingPlan {
  const { train = 40, test = 100, select = 0, calibrate = 0, contrast = 0 } = options;
  const { windowLength = 32, quantiles = 10, seed = 22, nonActivating = test } = options;
  const { negatives = defaultNegatives, contrastKinds = ["same-token", "random"] } = options;
  const { minWindows = train + select + calibrate + test, maxWindows = 10_000 } = options;
  if (latent.hookpoint !== cache.hookpoint) {
    throw new RangeError(
      `Cannot sample examples of ${latentName(latent)}: the cache "${cache.directory}" is of ${cache.hookpoint}; open the cache of ${latent.hookpoint}`,
    );
  }
  const counts = { train, test, windowLength, quantiles, maxWindows };
  checkCounts(counts, 1);
  checkCounts({ contrast, select, calibrate, nonActivating }, 0);
  for (const kind of [...negatives, ...contrastKinds]) checkKind(kind);
  if (windowLength > cache.contextLength) {
    throw new RangeError(
      `Cannot sample windows of ${windowLength} tokens: the contexts of "${cache.directory}" have ${cache.contextLength}`,
    );
  }
  return {
    ...counts,
    contrast,
    contrastKinds,
    select,
    calibrate,
    nonActivating,
    negatives,
    coder: options.coder,
    embedded: options.embedded,
    minWindows,
    seed,
    trainSampling: options.trainSampling ?? "quantiles",
    placement: options.placement ?? "tiles",
    grid: { windowLength, contextLength: cache.contextLength, firstPosition: cache.firstPosition },
  };
}

function checkKind(kind: string): void {
  if (negativeKinds.includes(kind as NegativeKind)) return;
  const cannot = `Cannot sample silent windows of kind "${kind}"`;
  if (kind === "minimal-edit") {
    throw new RangeError(`${cannot}: sampleEditedExamples runs the model that these need`);
  }
  throw new RangeError(`${cannot}: choose of ${negativeKinds.map((name) => `"${name}"`).join(", ")}`);
}

function checkCounts(counts: Record<string, number>, least: number): void {
  for (const [name, n] of Object.entries(counts)) {
    if (Number.isInteger(n) && n >= least) continue;
    throw new RangeError(`Cannot sample examples with ${name} ${n}: give a whole number from ${least}`);
  }
}

/**
 * How documents are divided: as the examples are, but no part that is asked for gets less than half of an equal share,
 * since rare latents need some slack.
 */
export function partShares(plan: Pick<SamplingPlan, Part>): PartShares {
  const wanted = parts.filter((part) => plan[part] > 0);
  const total = wanted.reduce((sum, part) => sum + plan[part], 0);
  const least = 0.5 / wanted.length;
  const small = wanted.filter((part) => plan[part] / total < least);
  const rest = wanted.filter((part) => !small.includes(part)).reduce((sum, part) => sum + plan[part], 0);
  const share = (part: Part) =>
    small.includes(part) ? least : (plan[part] / rest) * (1 - least * small.length);
  return {
    train: share("train"),
    select: plan.select > 0 ? share("select") : 0,
    calibrate: plan.calibrate > 0 ? share("calibrate") : 0,
    test: share("test"),
  };
}
