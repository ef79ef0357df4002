/** What the embedded model answers to scorers other than detection and fuzzing. */
import { readMarkup } from "../../examples/markup.js";
import { exampleLine, fromLine, type ReadExample, toLine } from "../example-lines.js";
import { type QuestionTask, questionHeadings } from "../question-headings.js";
import { segment } from "./document.js";
import { detects, matchedPieces, patternOf } from "./judge-text.js";
import { learn } from "./learn.js";
import { type Matcher, matcher } from "./run.js";
import { type TextPair, writeTexts } from "./write-texts.js";

/**
 * The answer; `undefined` where the question is none of these scorers'.
 *
 * A token is given 9 where it shares a character with a match, else 0; a text is rated 2 where the pattern matches, else 0; of
 * marked texts the odd one is that whose marks are met least by what is learnt from the others; texts are written
 * by rule.
 */
export function answerScorer(question: string): string | undefined {
  const lines = question.split("\n");
  const found = Object.entries(questionHeadings).find(([, heading]) => lines.includes(heading));
  if (!found) return undefined;
  const [task, heading] = found as [QuestionTask, string];
  return answers[task]({ head: question, lines: lines.slice(lines.indexOf(heading) + 1) });
}

interface Question {
  readonly head: string;
  /** Below the heading. */
  readonly lines: readonly string[];
}

const answers: Readonly<Record<QuestionTask, (question: Question) => string>> = {
  tokens: withPattern(({ lines }, match) => simulate(lines, match)),
  rating: withPattern(({ lines }, match) => {
    const ratings = textsOf(lines).map((text) => (detects(match, text) ? 2 : 0));
    return `[${ratings.join(", ")}]`;
  }),
  intruder: ({ lines }) => `[${1 + oddOne(textsOf(lines))}]`,
  alike: ({ head, lines }) => {
    const learned = learn(asExamples(textsOf(lines)));
    const pairs = learned && writeTexts(learned, numberIn(head, "Number of new texts"));
    return pairs
      ? pairs.map(({ text }, i) => exampleLine(i + 1, text)).join("\n")
      : "I cannot write such texts.";
  },
  pairs: ({ head }) => {
    const pattern = patternOf(explanationIn(head));
    const pairs = pattern && writeTexts(pattern, numberIn(head, "Number of pairs"));
    return pairs ? pairs.flatMap(pairLines).join("\n") : "I cannot write such texts.";
  },
};

function withPattern(answer: (question: Question, match: Matcher) => string) {
  return (question: Question) => {
    const pattern = patternOf(explanationIn(question.head));
    return pattern
      ? answer(question, matcher(pattern))
      : "I cannot read this explanation: it is none of my sentences and quotes no word.";
  };
}

function explanationIn(question: string): string {
  return fromLine(/^Explanation: (.*)$/mu.exec(question)?.[1] ?? "");
}

function numberIn(question: string, label: string): number {
  return Number(new RegExp(`^${label}: (\\d+)$`, "mu").exec(question)?.[1] ?? 0);
}

function textsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const text = /^Example \d+: (.*)$/su.exec(line)?.[1];
    return text === undefined ? [] : [fromLine(text)];
  });
}

function simulate(lines: readonly string[], match: Matcher): string {
  const columns = lines.flatMap((line) => /^\d+\t(.*)$/su.exec(line)?.[1] ?? []);
  const pieces = columns.map((column) => fromLine(column.replaceAll("\\t", "\t")));
  return matchedPieces(match, pieces)
    .map((matches, i) => `${i + 1}\t${columns[i]}\t${matches ? 9 : 0}`)
    .join("\n");
}

function oddOne(texts: readonly string[]): number {
  const met = texts.map((text, i) => {
    const learned = learn(asExamples(texts.toSpliced(i, 1)));
    return learned ? shareMet(matcher(learned), text) : 0;
  });
  return met.indexOf(Math.min(...met));
}

function shareMet(match: Matcher, marked: string): number {
  const { text, spans } = readMarkup(marked);
  const places = match(segment(text));
  const right = spans.filter(({ start, end }) =>
    places.some((place) => place.start < end && start < place.end),
  );
  return right.length / Math.max(1, spans.length);
}

function asExamples(texts: readonly string[]): ReadExample[] {
  return texts.map((text) => ({ text, strengths: [] }));
}

function pairLines({ text, counterpart }: TextPair, i: number): string[] {
  return [`With ${i + 1}: ${toLine(text)}`, `Without ${i + 1}: ${toLine(counterpart)}`];
}
