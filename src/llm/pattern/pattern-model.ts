/**
 * The embedded language model: needs no key, no server and no download, and is no language model. It reads the
 * prompts that our explainer and scorers send, and answers in the form that they ask for, so every part of the
 * line runs as it does with a real one. As explainer it learns a pattern from the marked examples and writes
 * it as a sentence; as judge it takes the sentence as the pattern that it is and looks for it in the texts.
 *
 * A report names it, because its numbers are another measure than a language model's: it reads letters, not
 * meaning, and it judges its own sentences without error.
 */
import { setImmediate } from "node:timers/promises";
import {
  fromLine,
  quoteToken,
  type ReadExample,
  readAnswerForm,
  readExamples,
  readSilent,
  readTokenLine,
  type TokenNumber,
} from "../example-lines.js";
import { noUsage, type TextModel, type TextReply, type TextRequest } from "../text-model.js";
import { answerScorer } from "./answer-scorer.js";
import { agrees, detects, rememberedMatchers } from "./judge-text.js";
import { learn } from "./learn.js";
import { readMarkedText } from "./marked-text.js";
import { quotedWords } from "./quoted-words.js";
import type { Matcher } from "./run.js";
import { write } from "./write-sentence.js";

/**
 * The embedded model. Deterministic; a reply costs nothing.
 *
 * Its rules as judge: a text holds what is described where the pattern matches anywhere in it (detection);
 * marks are right where more than half of them share a character with a match (fuzzing). An explanation that is
 * not its own sentence stands for the words and signs that it quotes; one that quotes nothing is answered with
 * a sentence that says so, and no judgement comes of it.
 */
export function pattern(): TextModel {
  const name = "pattern (embedded)";
  const matcherOf = rememberedMatchers();
  return {
    name,
    async complete(request, { signal } = {}) {
      // Thousands of calls may follow each other: the process must get to its other work in between.
      await setImmediate();
      signal?.throwIfAborted();
      const text = answer(request, matcherOf);
      return { text, stop: "end", usage: noUsage, model: name } satisfies TextReply;
    },
  };
}

function answer({ messages }: TextRequest, matcherOf: (sentence: string) => Matcher | undefined): string {
  const question = messages.at(-1)?.content ?? "";
  const scored = answerScorer(question);
  if (scored !== undefined) return scored;
  const tokens = readTokenLine(question, "Tokens") ?? readTokenLine(question, "Promoted");
  const parts = readExamples(question);
  if (!parts && tokens) return explainTokens(tokens);
  if (!parts || parts.examples.length === 0) return "I cannot read this question: it shows no examples.";
  if (parts.task === "explain") return explain(parts.examples, question);
  const sentence = /^Explanation: (.*)$/mu.exec(question)?.[1];
  const match = sentence === undefined ? undefined : matcherOf(fromLine(sentence));
  if (!match) return "I cannot read this explanation: it is none of my sentences and quotes no word.";
  const judge = parts.task === "detection" ? detects : agrees;
  return `[${parts.examples.map(({ text }) => Number(judge(match, text))).join(", ")}]`;
}

function explain(examples: readonly ReadExample[], question: string): string {
  const form = readAnswerForm(question);
  if (form.tokens) return `[EXPLANATION]: ${markedTokens(examples).slice(0, form.tokens).join(", ")}`;
  const learned = learn(examples, { silent: readSilent(question) });
  if (!learned) return "I cannot find a pattern: nothing is marked.";
  const sentence = `[EXPLANATION]: ${write(learned)}`;
  return form.pattern ? `${sentence}\n[PATTERN]: ${JSON.stringify(learned)}` : sentence;
}

/** What is marked, by strength, most first, in quotation marks. */
function markedTokens(examples: readonly ReadExample[]): string[] {
  const weights = new Map<string, number>();
  for (const { document, marks } of examples.map(readMarkedText)) {
    for (const { start, end, weight } of marks) {
      const token = quoteToken(document.lower.slice(start, end));
      weights.set(token, (weights.get(token) ?? 0) + weight);
    }
  }
  return [...weights].sort(([, a], [, b]) => b - a).map(([token]) => token);
}

/** The tokens with a third of the first one's strength or more, 8 at most. */
function explainTokens(tokens: readonly TokenNumber[]): string {
  const strong = tokens.filter(({ strength }) => strength >= tokens[0].strength / 3).slice(0, 8);
  const words = strong.map(({ piece }) => piece.trim()).filter((word) => word !== "");
  const found = quotedWords(words.map(quoteToken).join(", "));
  return found ? `[EXPLANATION]: ${write(found)}` : "I cannot find a pattern: no token has a text.";
}
