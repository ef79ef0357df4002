import type { LatentCache } from "../cache/latent-cache.js";
import type { Window } from "../examples/example.js";
import type { Explanation } from "../explain/explainer.js";
import { read } from "../llm/pattern/grammar.js";
import { measurePattern } from "../llm/pattern/measure-pattern.js";
import type { Pattern } from "../llm/pattern/pattern.js";
import { patternRunner } from "../llm/pattern/run-pattern.js";
import { noUsage } from "../llm/text-model.js";
import { settingsOf } from "../settings.js";
import { type Confusion, confusion } from "../stats/confusion.js";
import { f1 } from "../stats/f1.js";
import { precision } from "../stats/precision.js";
import { recall } from "../stats/recall.js";
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
 * F1 of the claims about tokens, over the windows; with `cache`, the same over each position of the cache, at the
 * latent's natural rate. An explanation that cannot be run is no answer.
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
        also: {
          ...rates(tokensOf(windows, claims), "of tokens"),
          ...(whole && rates(whole, "in the cache")),
        },
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

function tokensOf(windows: readonly Window[], claims: readonly (readonly boolean[])[]): Confusion {
  const truths = windows.flatMap(({ activations }) => Array.from(activations, (a) => a > 0));
  return confusion(truths, claims.flat());
}

/** Those that exist. */
function rates(counts: Confusion, where: string): Record<string, number> {
  const all = { precision: precision(counts), recall: recall(counts), F1: f1(counts) };
  const defined = Object.entries(all).filter(([, value]) => !Number.isNaN(value));
  return Object.fromEntries(defined.map(([name, value]) => [`${name} ${where}`, value]));
}
