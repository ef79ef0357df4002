import type { LatentExamples, Window } from "../examples/example.js";
import { highlight } from "../examples/markup.js";
import type { TextModel } from "../llm/text-model.js";
import type { TokenScorer } from "../llm/token-scorer.js";
import { type Random, seededRandom } from "../random.js";
import { settingsOf } from "../settings.js";
import { type ClassifyOptions, classify } from "./classify.js";
import { fuzzingPrompt } from "./fuzzing-prompt.js";
import { type Item, item } from "./item.js";
import { checkPromptSize } from "./judge.js";
import type { Scorer } from "./scorer.js";
import { meanRightMarks, wronglyMarked, wrongMarkCount } from "./wrong-marks.js";

export type FuzzingNegative = "non-activating" | "wrong-tokens" | "repeated-marks";

export interface FuzzingOptions extends ClassifyOptions {
  /**
   * Where the wrong marks are; of several kinds, as many of each. `non-activating`: at random in windows where the latent never
   * fires. `repeated-marks`: in the same windows, but at the same positions in all of them, as the paper's code has it. (A
   * judge can solve these two by reading the text alone.) `wrong-tokens`: on tokens of windows where it fires, on which it
   * does not, as the paper's blog post describes it. Default: `["non-activating", "wrong-tokens"]`.
   */
  negatives?: readonly FuzzingNegative[] | undefined;
  /** A token is marked where its activation exceeds this share of the window's peak. Default: 0.3. */
  threshold?: number | undefined;
}

/**
 * Fuzzing (Paulo et al. 2024, section 3.3): the judge reads texts with marks and says where every mark is
 * what the explanation describes. There are as many negatives as `examples.nonActivating`, whatever their
 * kind, so that costs and class balance stay the paper's; each judgement tells its kind.
 *
 * @param judge A model that gives text, or one that gives probabilities.
 * @throws {RangeError} If `examplesPerPrompt` is not a whole number of at least 1.
 */
export function fuzzing(judge: TextModel | TokenScorer, options: FuzzingOptions = {}): Scorer {
  checkPromptSize(options);
  const scorer = "fuzzing";
  return {
    name: scorer,
    model: judge.name,
    settings: settingsOf(options),
    score: ({ text: explanation }, examples, { signal } = {}) =>
      classify(
        judge,
        { examples, items: fuzzingItems(examples, options) },
        { scorer, prompt: fuzzingPrompt, explanation, options, signal },
      ),
  };
}

/** What is judged, before it is shuffled: the right marks, then the wrong ones. */
export function fuzzingItems(examples: LatentExamples, options: FuzzingOptions = {}): Item[] {
  const { negatives = ["non-activating", "wrong-tokens"], threshold = 0.3, seed = 22 } = options;
  const { test, nonActivating, latent } = examples;
  const random = seededRandom(seed).fork(`wrong marks ${latent.hookpoint}:${latent.index}`);
  const right = test.map((window) =>
    item(window, { kind: "activating", text: highlight(window, threshold) }),
  );
  const silent = nonActivating[Symbol.iterator]();
  const wrong = negatives.flatMap((kind, i) => {
    const wanted = Math.floor(((i + 1) * nonActivating.length) / negatives.length);
    const count = wanted - Math.floor((i * nonActivating.length) / negatives.length);
    if (kind === "wrong-tokens") {
      const windows = random.fork("windows").sample(test, count);
      return wrongItems(windows, kind, { count: meanRightMarks(test, threshold), random });
    }
    const windows = Array.from({ length: count }, () => silent.next().value as Window);
    return wrongItems(windows, kind, { count: wrongMarkCount(test), random });
  });
  return [...right, ...wrong];
}

function wrongItems(
  windows: readonly Window[],
  kind: FuzzingNegative,
  { count, random }: { count: number; random: Random },
): Item[] {
  return windows.flatMap((window) => {
    const place = kind === "repeated-marks" ? "" : ` ${window.context}:${window.start}`;
    const text = wronglyMarked(window, count, random.fork(`${kind}${place}`));
    return text === undefined ? [] : [item(window, { kind, text })];
  });
}
