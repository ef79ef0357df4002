import type { LatentCache } from "../cache/latent-cache.js";
import type { EditedExamplesOptions } from "../examples/sample-edited-examples.js";
import type { Explainer } from "../explain/explainer.js";
import type { Latent } from "../latent.js";
import type { LongCallOptions } from "../progress.js";
import type { Scorer } from "../score/scorer.js";
import { checkRun } from "./check-run.js";
import { interpretLatents } from "./interpret-latents.js";
import type { NullPanelOptions } from "./null-panel.js";
import type { RunResult } from "./null-run.js";
import { nullRuns } from "./null-runs.js";
import { plannedNullRuns } from "./planned-null-runs.js";

export interface InterpretOptions extends LongCallOptions {
  explainer: Explainer;
  scorers: readonly Scorer[];
  /** How examples are drawn. Default: as in the paper, but for harder silent windows: see `negatives`. */
  examples?: EditedExamplesOptions | undefined;
  /** Where results are kept, in a folder per settings, and found again. Default: nowhere. */
  directory?: string | undefined;
  /**
   * What scores are held against; `false` for nothing. Default: a panel that adds at most a fifth to what scoring costs, and, of
   * 17 latents or more, runs over latents that nobody trained, which add at most three tenths to what all costs. `plan` says
   * what that comes to.
   */
  nulls?: NullPanelOptions | false | undefined;
  /** How many latents are worked on at once. Default 16: more calls than a service is asked at first. */
  concurrency?: number | undefined;
}

/**
 * Interprets latents one after another, as an async iterable; at the end come the null runs, each as one value.
 *
 * @param latents Of the cache.
 * @throws {RangeError} Before the first latent, if the run cannot be as it is asked for: see `checkRun`.
 * @throws {ModelCallError} With scope `stop`; what was finished is kept in `directory`.
 * @throws {FileError} If the directory cannot be written.
 */
export async function* interpret(
  cache: LatentCache,
  latents: readonly Latent[],
  options: InterpretOptions,
): AsyncGenerator<RunResult, void, undefined> {
  checkRun(cache, latents, options);
  const planned = plannedNullRuns(cache, latents.length, options);
  yield* interpretLatents(cache, latents, options);
  yield* nullRuns(cache, planned, options);
}
