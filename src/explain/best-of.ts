import type { LatentExamples } from "../examples/example.js";
import { latentName } from "../latent.js";
import { type Failure, isLost } from "../llm/outcome.js";
import { addUsage } from "../llm/text-model.js";
import { seededRandom } from "../random.js";
import type { Scorer } from "../score/scorer.js";
import { settingsOf } from "../settings.js";
import type { Explainer } from "./explainer.js";
import { selectionExamples } from "./selection-examples.js";
import { bestTried, incompleteness, type Tried, trialOf, tryOut } from "./try-out.js";
import { usageOf } from "./usage-of.js";

export interface BestOfOptions {
  /** Chooses: the highest value wins. */
  scorer: Scorer;
  /** How many explanations are asked for. Default: 5. */
  n?: number | undefined;
  /** Seed of the order in which the later ones are shown the training examples. Default: 22. */
  seed?: number | string | undefined;
}

/**
 * Asks for several explanations and keeps the one that scores best on the selection examples (`sampleExamples` with
 * `select`). It never sees the test examples: chosen on them, the best of five looks better than it is.
 *
 * The first is shown the training examples in their order, each further one in another, so that models without a
 * temperature and ledgers that know the first question give several, too. What fails is left out.
 *
 * @see Best of k in a pull request of the reference implementation (delphi 150, not merged).
 */
export function bestOf(explainer: Explainer, options: BestOfOptions): Explainer {
  const { scorer, n = 5, seed = 22 } = options;
  if (!(Number.isInteger(n) && n >= 1)) {
    throw new RangeError(`Cannot choose the best of ${n} explanations: give a whole number from 1`);
  }
  const name = `${explainer.name} best-of-${n} by ${scorer.name}`;
  return {
    name,
    model: explainer.model,
    settings: settingsOf({ explainer, ...options }),
    hookpoint: explainer.hookpoint ?? scorer.hookpoint,
    async explain(examples, { signal } = {}) {
      const selection = selectionExamples(examples);
      if (selection.status !== "ok") return selection;
      const tried: Tried[] = [];
      const failed: Failure[] = [];
      for (const shown of orders(examples, n, seed)) {
        const outcome = await explainer.explain(shown, { signal });
        if (outcome.status !== "ok") failed.push(outcome);
        else
          tried.push(
            await tryOut(outcome.value, { scorer, examples: selection.value, signal, before: tried }),
          );
      }
      const usage = tried.reduce((sum, trial) => addUsage(sum, trial.usage), usageOf(failed));
      const best = bestTried(tried);
      if (!best) return { ...((failed.find(isLost) ?? failed.at(-1)) as Failure), usage };
      const facts = { usage, trace: tried.map(trialOf), ...incompleteness(tried, failed) };
      return { status: "ok", value: { ...best.explanation, explainer: name, ...facts } };
    },
  };
}

/** The examples n times, with the training examples in another order each time. */
function orders(examples: LatentExamples, n: number, seed: number | string): LatentExamples[] {
  const random = seededRandom(seed).fork(latentName(examples.latent)).fork("best of");
  return Array.from({ length: n }, (_, i) =>
    i === 0 ? examples : { ...examples, train: random.fork(i).shuffle(examples.train) },
  );
}
