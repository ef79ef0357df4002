import type { LatentExamples, Window } from "../examples/example.js";
import { highlight } from "../examples/markup.js";
import type { NegativeWindow } from "../examples/negative-ladder.js";
import type { TextModel } from "../llm/text-model.js";
import type { TokenScorer } from "../llm/token-scorer.js";
import { type Random, seededRandom } from "../random.js";
import { settingsOf } from "../settings.js";
import { type ClassifyOptions, classify } from "./classify.js";
import { fuzzingPrompt } from "./fuzzing-prompt.js";
import { type Item, item } from "./item.js";
import { checkPromptSize } from "./judge.js";
import type { JudgedKind, Scorer } from "./scorer.js";
import { type HardMarks, hardMarks, meanRightMarks, wronglyMarked, wrongMarkCount } from "./wrong-marks.js";

export type FuzzingNegative = "non-activating" | "wrong-tokens" | "hard" | "repeated-marks";

export interface FuzzingOptions extends ClassifyOptions {
  /**
   * Where the wrong marks are; of several kinds, as many of each. `non-activating`: at random in windows where the latent never
   * fires. `repeated-marks`: in the same windows, but at the same positions in all of them, as the paper's code has it. (A
   * judge can solve these two by reading the text alone.) `wrong-tokens`: on tokens of windows where it fires, on which it
   * does not, as the paper's blog post describes it. `hard`: in windows of `negativeLadder` and
   * `minimalEdits`, where a judge who goes by too broad an explanation would put them: on the token on which the latent fires
   * elsewhere, where its neighbour fires, where it fired before the edit; fewer where `examples.nonActivating` has too few such
   * windows, and as many of each kind of them as of the others. Default: `["non-activating", "wrong-tokens"]`, and `hard` where
   * there are any.
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
 * Input: test windows with the right marks, and windows with wrong ones (`negatives`). Output: the balanced accuracy of the
 * answers, (TPR + TNR) / 2, with its interval.
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
    settings: settingsOf(options, judge),
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
  const { threshold = 0.3 } = options;
  const right = examples.test.map((window) =>
    item(window, { kind: "activating", text: highlight(window, threshold) }),
  );
  return [...right, ...wrongItems(examples, options)];
}

function wrongItems(
  examples: LatentExamples,
  { negatives, threshold = 0.3, seed = 22 }: FuzzingOptions,
): Item[] {
  const { test, nonActivating, latent } = examples;
  const random = seededRandom(seed).fork(`wrong marks ${latent.hookpoint}:${latent.index}`);
  const { hard, silent, kinds } = divided(nonActivating, negatives);
  const rest = silent[Symbol.iterator]();
  const wrong = kinds.flatMap(({ kind, count }) => {
    if (kind === "wrong-tokens") {
      const windows = random.fork("windows").sample(test, count);
      return randomlyMarked(windows, kind, { count: meanRightMarks(test, threshold), random });
    }
    const windows = Array.from({ length: count }, () => rest.next().value as Window);
    return randomlyMarked(windows, kind, { count: wrongMarkCount(test), random });
  });
  return [...wrong, ...hard.map(({ window, kind, text }) => item(window, { kind, text }))];
}

/** Which windows are marked where they are hard, which at random, and how many of each kind. */
function divided(windows: readonly Window[], negatives: readonly FuzzingNegative[] | undefined) {
  const marked = windows.map((window) => ({ window, hard: hardMarks(window) }));
  const all = marked.flatMap(({ hard }) => hard ?? []);
  const wanted = negatives ?? [
    "non-activating",
    "wrong-tokens",
    ...(all.length > 0 ? ["hard" as const] : []),
  ];
  const hard = wanted.includes("hard")
    ? inTurn(all).slice(0, Math.floor(windows.length / wanted.length))
    : [];
  const taken = new Set(hard.map(({ window }) => window));
  const others = wanted.filter((kind) => kind !== "hard");
  const left = windows.length - hard.length;
  const upTo = (i: number) => Math.floor((i * left) / others.length);
  const kinds = others.map((kind, i) => ({ kind, count: upTo(i + 1) - upTo(i) }));
  // At random those are marked first that cannot be marked where they are hard.
  const first = marked.filter((one) => !one.hard).map(({ window }) => window);
  const silent = [...first, ...all.map(({ window }) => window).filter((window) => !taken.has(window))];
  return { hard, silent, kinds };
}

/** One of each kind, then a second of each, and so on. */
function inTurn(marked: readonly HardMarks[]): HardMarks[] {
  const seen = new Map<string, number>();
  const turns = marked.map((one) => {
    const turn = seen.get(one.kind) ?? 0;
    seen.set(one.kind, turn + 1);
    return { one, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ one }) => one);
}

function randomlyMarked(
  windows: readonly Window[],
  kind: Exclude<FuzzingNegative, "hard">,
  { count, random }: { count: number; random: Random },
): Item[] {
  return windows.flatMap((window) => {
    const place = kind === "repeated-marks" ? "" : ` ${window.context}:${window.start}`;
    const text = wronglyMarked(window, count, random.fork(`${kind}${place}`));
    return text === undefined ? [] : [item(window, { kind: labelOf(window, kind), text })];
  });
}

/** A silent window that is hard as a text, and no token of it more than another, keeps its kind. */
function labelOf(
  window: Window & Partial<NegativeWindow>,
  marks: Exclude<FuzzingNegative, "hard">,
): JudgedKind {
  const isTextual = marks === "non-activating" && window.kind === "embedding-neighbour";
  return isTextual ? "embedding-neighbour" : marks;
}
