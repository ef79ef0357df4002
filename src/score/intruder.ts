import type { Example, LatentExamples, Window } from "../examples/example.js";
import { activeTokens, highlight, markTokens } from "../examples/markup.js";
import { latentName } from "../latent.js";
import { ask } from "../llm/ask.js";
import type { Outcome } from "../llm/outcome.js";
import { addUsage, noUsage, type TextModel } from "../llm/text-model.js";
import { type Random, seededRandom } from "../random.js";
import { settingsOf } from "../settings.js";
import { wilson } from "../stats/wilson.js";
import { furtherNumbers, rescaled } from "./further-numbers.js";
import { intruderRequest, readIntruder } from "./intruder-prompt.js";
import { item } from "./item.js";
import type { Answer, Judgement, Scorer } from "./scorer.js";
import { rateOf, share } from "./summarise.js";
import { together } from "./together.js";

export interface IntruderOptions {
  /** Texts in one trial, the intruder among them. Default: 5. */
  shown?: number | undefined;
  /** A token is marked where its activation exceeds this share of the window's peak. Default: 0.3. */
  threshold?: number | undefined;
  /** Seed of who is shown with whom, and in which order. Default: 22. */
  seed?: number | undefined;
}

/** A few windows where the latent fires about as strongly, and one where it is silent. */
export interface IntruderTrial {
  readonly texts: readonly string[];
  /** Place of the intruder, from 0. */
  readonly at: number;
  readonly intruder: Window;
}

/**
 * Intruder detection (Paulo and Belrose 2025, arXiv 2507.08473): whether a judge who sees no explanation can tell a window
 * that is not the latent's from those that are. It bounds what any explanation can reach.
 *
 * Input: trials of `shown - 1` test windows that fire about as strongly, with marks, and a silent window, marked at the
 * places where one of the others is, so that number and place of marks say nothing. Each test window is in one trial
 * at most. Output: the share of trials in which the judge finds the intruder, with Wilson's interval; chance is 1 / shown.
 * `also.kappa` is (value − chance) / (1 − chance).
 *
 * @throws {RangeError} If `shown` is not a whole number of at least 3: of two texts neither is the odd one.
 */
export function intruder(llm: TextModel, options: IntruderOptions = {}): Scorer {
  const name = "intruder";
  const { shown = 5 } = options;
  checkShown(shown);
  return {
    name,
    model: llm.name,
    settings: settingsOf(options, llm),
    readsExplanation: false,
    async score(_explanation, examples, { signal } = {}) {
      const trials = intruderTrials(examples, options);
      const judged = await together(trials, (trial, signal) => judgeTrial(llm, trial, signal), { signal });
      const judgements = judged.map(({ judgement }) => judgement);
      const { right, answered } = rateOf(judgements);
      const value = share({ right, answered });
      const estimate = value === undefined ? undefined : { value, interval: wilson(right, answered) };
      return {
        scorer: name,
        model: llm.name,
        measure: "accuracy",
        chance: 1 / shown,
        value,
        interval: estimate?.interval,
        ...(estimate &&
          furtherNumbers({ kappa: rescaled(estimate, (rate) => (rate - 1 / shown) / (1 - 1 / shown)) })),
        truePositiveRate: undefined,
        trueNegativeRate: undefined,
        answered,
        unanswered: judgements.length - answered,
        judgements,
        usage: judged.reduce((sum, { usage }) => addUsage(sum, usage), noUsage),
      };
    },
  };
}

function checkShown(shown: number): void {
  if (Number.isInteger(shown) && shown >= 3) return;
  throw new RangeError(`Cannot hide an intruder among ${shown} texts: give a whole number of at least 3`);
}

/** Trials of a latent; the same examples and seed give the same. @throws {RangeError} As `intruder`. */
export function intruderTrials(
  { test, nonActivating, latent }: LatentExamples,
  { shown = 5, threshold = 0.3, seed = 22 }: IntruderOptions = {},
): IntruderTrial[] {
  checkShown(shown);
  const random = seededRandom(seed).fork(`intruders ${latentName(latent)}`);
  const byStrength = [...test].sort((a, b) => b.peak - a.peak);
  const count = Math.min(Math.floor(test.length / (shown - 1)), nonActivating.length);
  const intruders = random.fork("intruders").sample(nonActivating, count);
  return intruders.map((window, i) => {
    const others = byStrength.slice(i * (shown - 1), (i + 1) * (shown - 1));
    return trialOf(window, others, { threshold, random: random.fork(i) });
  });
}

function trialOf(
  intruder: Window,
  others: readonly Example[],
  { threshold, random }: { threshold: number; random: Random },
): IntruderTrial {
  const marks = activeTokens(random.pick(others), threshold);
  const texts = random.shuffle(others).map((window) => highlight(window, threshold));
  const at = random.integer(texts.length + 1);
  return { texts: texts.toSpliced(at, 0, markTokens(intruder.pieces, marks)), at, intruder };
}

async function judgeTrial(llm: TextModel, { texts, at, intruder }: IntruderTrial, signal: AbortSignal) {
  const read = (reply: string) => readIntruder(reply, texts.length);
  const { outcome, usage } = await ask(llm, intruderRequest(texts), { read, parser: "intruder 1", signal });
  const answer: Outcome<Answer> =
    outcome.status === "ok" ? { status: "ok", value: { yes: outcome.value === at } } : outcome;
  const shown = item(intruder, { kind: "intruder", text: texts.join("\n") });
  const judgement: Judgement = { ...shown, truth: true, answer };
  return { judgement, usage };
}
