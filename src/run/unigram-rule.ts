import type { LatentExamples, Window } from "../examples/example.js";
import { readMarkup } from "../examples/markup.js";
import type { Judgement, Score } from "../score/scorer.js";
import { auroc } from "../stats/auroc.js";
import { aurocInterval } from "../stats/auroc-interval.js";
import { balancedAccuracy, balancedAccuracyInterval } from "../stats/balanced-accuracy.js";
import { classCounts, confusion } from "../stats/confusion.js";
import type { Estimate } from "../stats/estimate.js";
import { pairMoments } from "../stats/pair-moments.js";
import { pooledCorrelation } from "../stats/pooled-correlation.js";
import type { NullScore } from "./null-scores.js";

/** What the training windows say about a token. */
interface TokenFacts {
  readonly piece: string;
  readonly occurrences: number;
  readonly fired: number;
  /** Sum of its activations. */
  readonly sum: number;
}

/** Tokens that stand for a latent, and what is known of all tokens of the training windows. */
export interface UnigramRule {
  readonly tokens: ReadonlyMap<number, TokenFacts>;
  readonly known: ReadonlyMap<number, TokenFacts>;
}

/**
 * The list of tokens that best tells where a latent fires in its training windows: tokens by the share of their occurrences
 * on which it fires, as far down as F1 over all positions rises. What no explanation needs to be bought for.
 */
export function unigramRule(train: readonly Window[]): UnigramRule {
  const known = tokenFacts(train);
  const share = ({ fired, occurrences }: TokenFacts) => fired / occurrences;
  const ranked = [...known].sort(([a, x], [b, y]) => share(y) - share(x) || y.fired - x.fired || a - b);
  const total = ranked.reduce((sum, [, { fired }]) => sum + fired, 0);
  let [best, length, caught, called] = [0, 0, 0, 0];
  ranked.forEach(([, { fired, occurrences }], i) => {
    caught += fired;
    called += occurrences;
    const f1 = (2 * caught) / (called + total);
    if (f1 > best) [best, length] = [f1, i + 1];
  });
  return { tokens: new Map(ranked.slice(0, length)), known };
}

/**
 * What the rule of a latent's training examples gets by a scorer's measure, on the examples that the scorer judged: yes to a
 * window that has one of the tokens, or to marks that stand on such tokens alone; where the scorer grades, the largest share
 * in the window; where it simulates, each token's mean activation.
 *
 * @returns `undefined` for measures of other things than windows: written texts, intruders.
 */
export function unigramNull(examples: LatentExamples, score: Score): NullScore | undefined {
  const rule = unigramRule(examples.train);
  const windows = [...examples.test, ...examples.nonActivating];
  const judged = score.judgements.flatMap((judgement) => {
    const window = windowOf(judgement, windows);
    return window ? [{ judgement, window }] : [];
  });
  const estimate = judged.length > 0 ? measure(score, judged, rule) : undefined;
  if (!estimate) return undefined;
  const tokens = [...rule.tokens.values()].map(({ piece }) => piece);
  return { kind: "unigram rule", scorer: score.scorer, ...estimate, tokens };
}

type Judged = readonly { readonly judgement: Judgement; readonly window: Window }[];

function measure({ measure: name }: Score, judged: Judged, rule: UnigramRule): Estimate | undefined {
  const truths = judged.map(({ judgement }) => judgement.truth);
  if (name === "correlation") return simulated(judged, rule);
  if (!truths.includes(true) || !truths.includes(false)) return undefined;
  if (name === "balanced accuracy") {
    const answers = judged.map(({ judgement, window }) => says(judgement, window, rule));
    const { positive, negative } = classCounts(confusion(truths, answers));
    const interval = balancedAccuracyInterval(positive, negative);
    return { value: balancedAccuracy(positive, negative), interval };
  }
  if (name !== "AUROC") return undefined;
  const grades = (wanted: boolean) =>
    judged.filter((_, i) => truths[i] === wanted).map(({ window }) => grade(window, rule));
  const { interval } = aurocInterval(grades(true), grades(false));
  return { value: auroc(grades(true), grades(false)), interval };
}

function says({ text }: Judgement, window: Window, { tokens }: UnigramRule): boolean {
  const isRule = (i: number) => tokens.has(window.tokens[i]);
  const all = [...window.tokens.keys()];
  if (text === window.pieces.join("")) return all.some(isRule);
  return markedTokens(text, window).every(isRule);
}

/** Indices of the tokens that stand between marks. */
function markedTokens(text: string, { pieces }: Window): number[] {
  const { spans } = readMarkup(text);
  let end = 0;
  return pieces.flatMap((piece, i) => {
    const start = end;
    end += piece.length;
    return spans.some((span) => span.start < end && start < span.end) ? [i] : [];
  });
}

function grade({ tokens }: Window, { known }: UnigramRule): number {
  return tokens.reduce((most, token) => {
    const { fired = 0, occurrences = 1 } = known.get(token) ?? {};
    return Math.max(most, fired / occurrences);
  }, 0);
}

function simulated(judged: Judged, { known }: UnigramRule): Estimate | undefined {
  const meanOf = (token: number) => {
    const { sum = 0, occurrences = 1 } = known.get(token) ?? {};
    return sum / occurrences;
  };
  return pooledCorrelation(
    judged.map(({ window }) => pairMoments(Array.from(window.tokens, meanOf), window.activations)),
  );
}

function tokenFacts(windows: readonly Window[]): Map<number, TokenFacts> {
  const facts = new Map<number, TokenFacts>();
  for (const { tokens, pieces, activations } of windows) {
    tokens.forEach((token, i) => {
      const { occurrences = 0, fired = 0, sum = 0 } = facts.get(token) ?? {};
      const activation = activations[i];
      facts.set(token, {
        piece: pieces[i],
        occurrences: occurrences + 1,
        fired: fired + (activation > 0 ? 1 : 0),
        sum: sum + activation,
      });
    });
  }
  return facts;
}

/** The window that was judged. An edited window stands at the place of its original, so that the text has to tell. */
function windowOf({ context, start, text }: Judgement, windows: readonly Window[]): Window | undefined {
  const here = windows.filter((window) => window.context === context && window.start === start);
  if (here.length < 2) return here[0];
  const textOf = ({ pieces }: Window) => pieces.join("");
  return (
    here.find((window) => textOf(window) === text) ?? here.find((w) => textOf(w) === readMarkup(text).text)
  );
}
