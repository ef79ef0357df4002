import { setImmediate } from "node:timers/promises";
import type { LatentCache } from "../../cache/latent-cache.js";
import { type Place, readWindow } from "../../examples/read-window.js";
import type { Confusion } from "../../stats/confusion.js";
import { f1 } from "../../stats/f1.js";
import { precision } from "../../stats/precision.js";
import { recall } from "../../stats/recall.js";
import type { Pattern } from "./pattern.js";
import { patternRunner } from "./run-pattern.js";

export interface MeasurePatternOptions {
  /** Tokens per tile. Default: 32. */
  windowLength?: number | undefined;
  /** Only tiles for which this holds count, e.g. those of test documents. Default: all. */
  allowed?: ((place: Place) => boolean) | undefined;
  /** Stops between contexts. */
  signal?: AbortSignal | undefined;
}

/** How well a pattern says where a latent fires, at its own rate: every position counts once. */
export interface PatternFit {
  /** Positions: fires or not, against claimed or not. */
  readonly positions: Confusion;
  /** Tiles: fires anywhere or not, against claimed anywhere or not. */
  readonly tiles: Confusion;
  /** Of the positions; NaN where nothing is claimed. */
  readonly precision: number;
  /** Of the positions; NaN where the latent never fires. */
  readonly recall: number;
  readonly f1: number;
  /** Share of the summed activation that is claimed; NaN where the latent never fires. */
  readonly activationRecall: number;
}

/** Contexts between two turns of the event loop. */
const contextsPerTurn = 64;

/**
 * Runs a pattern over all contexts of a cache and compares it with where a latent fires: no sample, no judge, no noise but
 * the corpus'. The pattern sees each context as a whole. Memory is one context's.
 *
 * @param index The latent.
 * @throws {RangeError} If there is no such latent.
 * @see Exact execution of a symbolic explanation, as Neuron2Graph's (Foote et al. 2023) over its test set.
 */
export async function measurePattern(
  cache: LatentCache,
  { pattern, index }: { pattern: Pattern; index: number },
  { windowLength = 32, allowed = () => true, signal }: MeasurePatternOptions = {},
): Promise<PatternFit> {
  const run = patternRunner(pattern);
  const rows = cache.read(index);
  const { contextLength, firstPosition } = cache;
  const found = new FitTally();
  for (let context = 0; context < cache.contextCount; context++) {
    if (context % contextsPerTurn === 0) await setImmediate();
    signal?.throwIfAborted();
    const whole = readWindow(cache, { context, start: firstPosition, end: contextLength }, rows);
    const claimed = run(whole);
    for (let from = 0; from < contextLength; from += windowLength) {
      const start = Math.max(from, firstPosition);
      const end = Math.min(from + windowLength, contextLength);
      if (end <= start || !allowed({ context, start, end })) continue;
      const tile = [start - firstPosition, end - firstPosition] as const;
      found.add(whole.activations.subarray(...tile), claimed.slice(...tile));
    }
  }
  return found.fit;
}

/** Counts over tiles, and over their positions. */
class FitTally {
  readonly #positions = new Tally();
  readonly #tiles = new Tally();
  #claimedActivation = 0;
  #activation = 0;

  add(activations: Float32Array, claims: readonly boolean[]): void {
    activations.forEach((activation, i) => {
      this.#positions.add(activation > 0, claims[i]);
      this.#activation += activation;
      if (claims[i]) this.#claimedActivation += activation;
    });
    this.#tiles.add(
      activations.some((activation) => activation > 0),
      claims.includes(true),
    );
  }

  get fit(): PatternFit {
    const positions = this.#positions.confusion;
    return {
      positions,
      tiles: this.#tiles.confusion,
      precision: precision(positions),
      recall: recall(positions),
      f1: f1(positions),
      activationRecall: this.#claimedActivation / this.#activation,
    };
  }
}

/** Counts answers against truths as they come. */
class Tally {
  readonly #counts = [0, 0, 0, 0];

  add(truth: boolean, answer: boolean): void {
    this.#counts[2 * Number(truth) + Number(answer)]++;
  }

  get confusion(): Confusion {
    const [trueNegatives, falsePositives, falseNegatives, truePositives] = this.#counts;
    return { truePositives, falseNegatives, falsePositives, trueNegatives };
  }
}
