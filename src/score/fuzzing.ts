import type { LatentExamples } from "../examples/example.js";
import { highlight } from "../examples/markup.js";
import { latentName } from "../latent.js";
import type { TextModel } from "../llm/text-model.js";
import type { TokenScorer } from "../llm/token-scorer.js";
import { type Random, seededRandom } from "../random.js";
import { settingsOf } from "../settings.js";
import { type ClassifyOptions, classify } from "./classify.js";
import { fuzzingPrompt } from "./fuzzing-prompt.js";
import { type Item, item } from "./item.js";
import { checkPromptSize } from "./judge.js";
import type { JudgedKind, Scorer } from "./scorer.js";
import {
  type HardWindow,
  hardTokens,
  repeatedlyMarked,
  repeatedMarkCount,
  rightMarks,
  wronglyMarked,
} from "./wrong-marks.js";

export type FuzzingNegative = "non-activating" | "wrong-tokens" | "hard" | "repeated-marks";

export interface FuzzingOptions extends ClassifyOptions {
  /**
   * Where the wrong marks are; of several kinds, as many of each. `non-activating`: in windows where the latent never fires. (A
   * judge can solve this by reading the text alone.) `wrong-tokens`: on tokens of windows where it fires, on which it does not,
   * as the paper's blog post describes it. `hard`: in windows of `negativeLadder` and `minimalEdits`, where a judge who goes by
   * too broad an explanation would put them: on the token on which the latent fires elsewhere, where its neighbour fires, where
   * it fired before the edit; fewer where `examples.nonActivating` has too few such windows, and as many of each kind of them
   * as of the others. Of these three, each window has the number and lengths of marks of a right window, drawn at random and
   * without one twice before all are drawn once, and where they are free its places; a run that the hard tokens do not fill
   * stands beside them. A window without room for the marks of any that is left is left out.
   *
   * `repeated-marks`: the paper's as run, only to compare with it: as many marks in every silent window, at the same positions.
   * A judge can tell them from right ones by counting. Default: `["non-activating", "wrong-tokens"]`, and `hard` where there are any.
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

function wrongItems(examples: LatentExamples, { negatives, threshold = 0.3 }: FuzzingOptions): Item[] {
  const { test, nonActivating, latent } = examples;
  // Not of the order's seed: a judge who is asked twice, in two orders, judges the same texts.
  const random = seededRandom(`wrong marks ${latentName(latent)}`);
  const marksLeft = inTurns(rightMarks(test, threshold), { count: nonActivating.length, random });
  const count = repeatedMarkCount(test);
  const textOf = ({ window, hard, marks }: WrongWindow): string | undefined => {
    if (marks === "repeated-marks") return repeatedlyMarked(window, count, random.fork(marks));
    const place = random.fork(`${marks} ${window.context}:${window.start}`);
    for (const [i, like] of marksLeft.entries()) {
      const text = wronglyMarked(window, { like, hard, random: place });
      if (text === undefined) continue;
      marksLeft.splice(i, 1);
      return text;
    }
    return undefined;
  };
  return wrongWindows(examples, { negatives, threshold, random }).flatMap((wrong) => {
    const text = textOf(wrong);
    return text === undefined ? [] : [item(wrong.window, { kind: labelOf(wrong), text })];
  });
}

/** So many of the list in random order: none twice before all are drawn once. */
function inTurns<T>(list: readonly T[], { count, random }: { count: number; random: Random }): T[] {
  const turns = Math.ceil(count / Math.max(1, list.length));
  return Array.from({ length: turns }, () => random.shuffle(list))
    .flat()
    .slice(0, count);
}

interface WrongWindow {
  readonly window: HardWindow;
  readonly marks: FuzzingNegative;
  /** Which of its tokens are hard, where the marks are to stand on these. */
  readonly hard?: readonly boolean[] | undefined;
}

/** Which windows are marked wrongly, and how: as many of each kind, fewer of hard ones where they are few. */
function wrongWindows(
  { test, nonActivating }: LatentExamples,
  { negatives, threshold, random }: FuzzingOptions & { threshold: number; random: Random },
): WrongWindow[] {
  const all = nonActivating.map((window) => ({ window, hard: hardTokens(window, threshold) }));
  const [easy, difficult] = [all.filter(({ hard }) => !hard), all.filter(({ hard }) => hard)];
  const usual = [
    "non-activating",
    "wrong-tokens",
    ...(difficult.length > 0 ? (["hard"] as const) : []),
  ] as const;
  const wanted = negatives ?? usual;
  const most = wanted.includes("hard") ? Math.floor(all.length / wanted.length) : 0;
  const hard = kindsInTurn(difficult).slice(0, most);
  // At random those are marked first that cannot be marked where they are hard.
  const silent = [...easy, ...difficult.filter((one) => !hard.includes(one))].map(({ window }) => window);
  const others = wanted.filter((marks) => marks !== "hard");
  const upTo = (i: number) => Math.floor((i * (all.length - hard.length)) / others.length);
  const rest = others.flatMap((marks, i) => {
    const count = upTo(i + 1) - upTo(i);
    const windows =
      marks === "wrong-tokens" ? random.fork("windows").sample(test, count) : silent.splice(0, count);
    return windows.map((window) => ({ window, marks }));
  });
  return [...rest, ...hard.map((one) => ({ ...one, marks: "hard" as const }))];
}

/** One of each kind, then a second of each, and so on. */
function kindsInTurn<T extends { readonly window: HardWindow }>(windows: readonly T[]): T[] {
  const seen = new Map<string | undefined, number>();
  const turns = windows.map((one) => {
    const { kind } = one.window;
    const turn = seen.get(kind) ?? 0;
    seen.set(kind, turn + 1);
    return { one, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ one }) => one);
}

/** Hard marks, and a silent window that is hard as a text and no token of it more than another, keep the window's kind. */
function labelOf({ window: { kind }, marks }: WrongWindow): JudgedKind {
  if (marks === "hard") return kind as JudgedKind;
  return marks === "non-activating" && kind === "embedding-neighbour" ? kind : marks;
}
