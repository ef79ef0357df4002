import { setImmediate } from "node:timers/promises";
import { callSignal } from "../../progress.js";
import { tensor } from "../../tensor.js";
import { fromLine } from "../example-lines.js";
import type {
  Choices,
  ChooseOptions,
  TokenScorer,
  TokenScorerOptions,
  TokenScores,
} from "../token-scorer.js";
import { segment } from "./document.js";
import { agrees, detects, matchedPieces, rememberedMatchers } from "./judge-text.js";
import type { Matcher } from "./run.js";

/** How likely it holds a word to be one that is described, and how rare such words are in other text. */
const [described, rarity] = [0.02, 1 / 1000];
/** Of a letter of any word, in nats. */
const letter = -Math.log(64);
/** Of the answer that it takes for right. */
const sure = 0.95;

/**
 * The embedded model as one that gives probabilities: for `surprisal`, and for `detection`, `fuzzing` and `simulation` by
 * probability, with no key and no download. It is no language model. Its tokens are words and signs, each with the space
 * before it; to it any letter is as likely as any other, and a word that the explanation's pattern matches is likelier by a
 * fixed factor, (0.98 + 0.02 · 1000) against 0.98 for any other. As a judge it is 95 % sure of what `pattern()` answers. A
 * description that is not its own sentence stands for the words that it quotes; of one that quotes none it knows nothing.
 */
export function patternTokenScorer(): TokenScorer {
  const matcherOf = rememberedMatchers();
  return {
    name: "pattern (embedded)",
    async score(prefix, texts, options: TokenScorerOptions = {}): Promise<TokenScores[]> {
      await turn(options);
      const match = matcherOf(lastLine(prefix, "Description: "));
      return texts.map((text) => readingOf(text, match));
    },
    async choose(prefix, segments, options: ChooseOptions): Promise<Choices> {
      await turn(options);
      const { candidates } = options;
      const isSimulation = candidates.length > 2;
      const match = matcherOf(lastLine(prefix, isSimulation ? "Looks for: " : "Explanation: "));
      const answers = match && (isSimulation ? simulated(match, segments) : judged(match, prefix, segments));
      const rows = segments.flatMap((_, i) => probabilities(candidates, answers?.[i]));
      return {
        probabilities: tensor(Float32Array.from(rows), [segments.length, candidates.length]),
        mass: new Float32Array(segments.length).fill(1),
      };
    },
  };
}

/** Thousands of calls may follow each other: the process must get to its other work in between. */
async function turn(options: TokenScorerOptions): Promise<void> {
  await setImmediate();
  callSignal(options)?.throwIfAborted();
}

/** What stands behind the label of the last line that has it. */
function lastLine(prefix: string, label: string): string {
  const line = prefix.split("\n").findLast((one) => one.startsWith(label));
  return fromLine(line?.slice(label.length) ?? "");
}

function readingOf(text: string, match: Matcher | undefined): TokenScores {
  const pieces = piecesOf(text);
  const matched = match ? matchedPieces(match, pieces) : [];
  const gain = (holds: boolean) => Math.log(1 - described + (holds ? described / rarity : 0));
  const logProbabilities = Float32Array.from(pieces, (piece, i) => {
    return letter * piece.length + (match ? gain(matched[i]) : 0);
  });
  return { pieces, logProbabilities };
}

/** Words and signs, each with the space before it; joined, they are the text. */
function piecesOf(text: string): string[] {
  const ends = segment(text).units.map(({ end }) => end);
  const pieces = ends.map((end, i) => text.slice(i === 0 ? 0 : ends[i - 1], end));
  const rest = text.slice(ends.at(-1) ?? 0);
  return rest === "" ? pieces : [...pieces, rest];
}

/** The answer to each text of a question of `classificationPrompt`. */
function judged(match: Matcher, prefix: string, segments: readonly string[]): string[] {
  const judge = prefix.trimEnd().endsWith("Marked text:") ? agrees : detects;
  return segments.map((shown) => {
    const text = fromLine(shown.slice(0, shown.lastIndexOf("\nAnswer:")));
    return judge(match, text) ? "1" : "0";
  });
}

/** The digit of each token of a question of `simulationPrompt`. */
function simulated(match: Matcher, segments: readonly string[]): string[] {
  const pieces = segments.map((shown) => {
    const column = shown.slice(shown.indexOf("\n") + 1, shown.lastIndexOf("\t"));
    return fromLine(column.replaceAll("\\t", "\t"));
  });
  return matchedPieces(match, pieces).map((matches) => (matches ? "9" : "0"));
}

/** Most on the answer, the rest evenly on the others; all even where there is none. */
function probabilities(candidates: readonly string[], answer: string | undefined): number[] {
  if (answer === undefined || !candidates.includes(answer)) {
    return candidates.map(() => 1 / candidates.length);
  }
  const rest = (1 - sure) / (candidates.length - 1);
  return candidates.map((candidate) => (candidate === answer ? sure : rest));
}
