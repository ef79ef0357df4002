import type { LatentCache } from "../cache/latent-cache.js";
import type { Window } from "../examples/example.js";
import type { Explanation } from "../explain/explainer.js";
import { read } from "../llm/pattern/grammar.js";
import { measurePattern } from "../llm/pattern/measure-pattern.js";
import type { Pattern } from "../llm/pattern/pattern.js";
import { patternRunner } from "../llm/pattern/run-pattern.js";
import { noUsage } from "../llm/text-model.js";
import { settingsOf } from "../settings.js";
import { bootstrap } from "../stats/bootstrap.js";
import { type Confusion, confusion } from "../stats/confusion.js";
import type { Estimate } from "../stats/estimate.js";
import { f1 } from "../stats/f1.js";
import { precision } from "../stats/precision.js";
import { recall } from "../stats/recall.js";
import { wilson } from "../stats/wilson.js";
import { furtherNumbers } from "./further-numbers.js";
import { type Item, textItems } from "./item.js";
import type { Judgement, Scorer } from "./scorer.js";
import { scoreOf } from "./summarise.js";

export interface ExecutionOptions {
  /** Run the pattern over all of this cache too: precision and recall at the latent's own rate. Default: only over the examples. */
  cache?: LatentCache | undefined;
}

/**
 * Execution: what an executable explanation claims, without a judge (as Neuron2Graph, Foote et al. 2023, arXiv 2305.19911).
 *
 * Input: the explanation's pattern, or a sentence that is one, run on the tokens of test windows and silent windows. A window
 * is claimed where any token is. Output: the balanced accuracy of the claims about windows. `also`: precision, recall and
 * F1 of the claims about tokens, over the windows, by bootstrap over contexts; with `cache`, the same over each position of
 * the cache, at the latent's natural rate, which is a count and has no interval. An explanation that cannot be run is no answer.
 */
export function execution(options: ExecutionOptions = {}): Scorer {
  const { cache } = options;
  const scorer = "execution";
  const model = "exact";
  return {
    name: scorer,
    model,
    settings: settingsOf(options),
    async score(explanation, examples, { signal } = {}) {
      signal?.throwIfAborted();
      const items = textItems(examples);
      const pattern = patternOf(explanation);
      if (!pattern) {
        const judgements = items.map((shown) => unrunnable(shown, explanation));
        return scoreOf({ scorer, model, judgements, usage: noUsage });
      }
      const windows = [...examples.test, ...examples.nonActivating];
      const claims = windows.map(patternRunner(pattern));
      const judgements = items.map(
        (shown, i): Judgement => ({
          ...shown,
          answer: { status: "ok", value: { yes: claims[i].includes(true) } },
        }),
      );
      const whole =
        cache &&
        (await measurePattern(cache, { pattern, index: explanation.latent.index }, { signal })).positions;
      return {
        ...scoreOf({ scorer, model, judgements, usage: noUsage }),
        ...furtherNumbers({
          ...tokenRates(windows, claims),
          ...(whole && named("in the cache", (metric) => metric(whole))),
        }),
      };
    },
  };
}

function unrunnable(shown: Item, { text }: Explanation): Judgement {
  const reason = `"${text}" cannot be run: it has no pattern, and is no sentence that is one`;
  return { ...shown, answer: { status: "failed", reason, lasting: true } };
}

function patternOf({ pattern, text }: Explanation): Pattern | undefined {
  return pattern ?? read(text);
}

const metrics = { precision, recall, F1: f1 } as const;

function named<T>(where: string, of: (metric: (counts: Confusion) => number) => T): Record<string, T> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, metric]) => [`${name} ${where}`, of(metric)]),
  );
}

/** Claims about the tokens of one window. */
interface ClaimedWindow extends Confusion {
  readonly context: number;
  readonly fires: boolean;
}

function tokenRates(
  windows: readonly Window[],
  claims: readonly (readonly boolean[])[],
): Record<string, Estimate | undefined> {
  const counts = windows.map(({ activations, context }, i): ClaimedWindow => {
    const truths = Array.from(activations, (a) => a > 0);
    return { ...confusion(truths, claims[i]), context, fires: truths.includes(true) };
  });
  return named("of tokens", (metric) => rateOver(counts, metric));
}

/** By bootstrap; where that is certain, as where all is right, Wilson's of the windows that have a say. */
function rateOver(
  windows: readonly ClaimedWindow[],
  metric: (counts: Confusion) => number,
): Estimate | undefined {
  const value = metric(summed(windows));
  if (Number.isNaN(value)) return undefined;
  const { interval } = bootstrap(windows, (drawn) => metric(summed(drawn)), {
    cluster: ({ context }) => context,
    stratum: ({ fires }) => fires,
    resamples: 1000,
  });
  const n = windows.filter((one) => one.truePositives + one.falsePositives + one.falseNegatives > 0).length;
  return { value, interval: interval[0] < interval[1] ? interval : wilson(value * n, n) };
}

function summed(windows: readonly Confusion[]): Confusion {
  const sums = { truePositives: 0, falseNegatives: 0, falsePositives: 0, trueNegatives: 0 };
  for (const one of windows) {
    sums.truePositives += one.truePositives;
    sums.falseNegatives += one.falseNegatives;
    sums.falsePositives += one.falsePositives;
    sums.trueNegatives += one.trueNegatives;
  }
  return sums;
}
