/** What the prompts of detection and fuzzing share: the form of the question and of the answer. */
import { type ExampleTask, exampleHeadings, exampleLine, toLine } from "../llm/example-lines.js";
import type { TextMessage, TextRequest } from "../llm/text-model.js";

export interface WorkedTurn {
  readonly explanation: string;
  readonly texts: readonly string[];
  readonly answers: readonly boolean[];
}

/** The question: the explanation on one line, then the texts, numbered from 1. */
export function classificationQuestion(
  task: ExampleTask,
  explanation: string,
  texts: readonly string[],
): string {
  const lines = texts.map((text, i) => exampleLine(i + 1, text));
  return [`Explanation: ${toLine(explanation)}`, "", exampleHeadings[task], ...lines].join("\n");
}

/** `[1, 0, 0, 1, 1]`. */
export function writeAnswers(answers: readonly boolean[]): string {
  return `[${answers.map(Number).join(", ")}]`;
}

/**
 * Reads a reply as a list of `n` answers of 0 and 1.
 *
 * @throws {SyntaxError} As `readList`.
 */
export function readAnswers(reply: string, n: number): boolean[] {
  const entries = readList(reply, n, { pattern: /^[01]$/, wanted: "0 and 1" });
  return entries.map((entry) => entry === "1");
}

/** What the entries of a list may be, as a pattern and in words. */
export interface ListEntries {
  readonly pattern: RegExp;
  readonly wanted: string;
}

/**
 * Reads a reply as a list of `n` entries in brackets. Words around the list are allowed, a second list is not: nobody
 * could tell which of the two was meant.
 *
 * @throws {SyntaxError} If there is not exactly one list, an entry is not what is wanted, or its length is not `n`.
 */
export function readList(reply: string, n: number, { pattern, wanted }: ListEntries): string[] {
  const lists = reply.match(/\[[^[\]]*\]/g) ?? [];
  const list = lists[0];
  if (list === undefined || lists.length > 1) {
    throw new SyntaxError(`Cannot read the answers: the reply holds ${lists.length} lists, not 1`);
  }
  const entries = list
    .slice(1, -1)
    .split(",")
    .map((entry) => entry.trim());
  if (!entries.every((entry) => pattern.test(entry))) {
    throw new SyntaxError(`Cannot read the answers: the list holds something other than ${wanted}`);
  }
  if (entries.length !== n) {
    throw new SyntaxError(`Cannot read the answers: the list has ${entries.length} entries, not ${n}`);
  }
  return entries;
}

/** What a prompt of detection or fuzzing is made of. */
export interface ClassificationPrompt {
  readonly task: ExampleTask;
  /** The instruction, without how to answer. */
  readonly system: readonly string[];
  /** How to answer: what 1 and 0 stand for, as "it occurs". */
  readonly holds: string;
  readonly fails: string;
  readonly turns: readonly WorkedTurn[];
}

/** The question about one explanation. */
export interface ClassificationTask {
  readonly explanation: string;
  readonly texts: readonly string[];
  /** Whether to ask for per cent in place of yes and no. Default: no. */
  readonly confidence?: boolean | undefined;
}

/** The whole question, with worked turns before it. */
export function classificationRequest(
  { task, system, holds, fails, turns }: ClassificationPrompt,
  { explanation, texts, confidence = false }: ClassificationTask,
): TextRequest {
  const worked = turns.flatMap((turn): TextMessage[] => [
    { role: "user", content: classificationQuestion(task, turn.explanation, turn.texts) },
    { role: "assistant", content: confidence ? writePercentages(turn.answers) : writeAnswers(turn.answers) },
  ]);
  const how = confidence
    ? `Answer with a list of one percentage per text, in order: how sure you are that ${holds}, from 0% to 100%. Write the list and nothing else.`
    : `Answer with a list of one number per text, in order: 1 where ${holds}, 0 where ${fails}. Write the list and nothing else.`;
  return {
    system: [...system, how].join("\n"),
    messages: [...worked, { role: "user", content: classificationQuestion(task, explanation, texts) }],
    // Three tokens an answer in the widest tokenizer, and room for the brackets.
    maxTokens: 32 + (confidence ? 8 : 4) * texts.length,
  };
}

/** The same for a model that continues text: a 0 or a 1 belongs behind the segment. */
export function classificationPrompt(
  { task, system, holds, fails, turns }: ClassificationPrompt,
  explanation: string,
  text: string,
): { prefix: string; segment: string } {
  const heading = task === "fuzzing" ? "Marked text:" : "Text:";
  const question = (claim: string) => `Explanation: ${toLine(claim)}\n${heading}\n`;
  const segment = (shown: string) => `${toLine(shown)}\nAnswer:\n`;
  const worked = turns.flatMap((turn) =>
    turn.texts.map((shown, i) => `${question(turn.explanation)}${segment(shown)}${Number(turn.answers[i])}`),
  );
  const how = `The answer is 1 where ${holds}, 0 where ${fails}.`;
  const prefix = [[...system, how].join("\n"), ...worked, question(explanation)].join("\n\n");
  return { prefix, segment: segment(text) };
}

/** Worked answers of a judge who is sure, though never quite. */
function writePercentages(answers: readonly boolean[]): string {
  return `[${answers.map((answer, i) => `${answer ? 97 - i : 2 + i}%`).join(", ")}]`;
}

/**
 * Reads a reply as a list of `n` percentages.
 *
 * @returns Probabilities in [0, 1].
 * @throws {SyntaxError} As `readList`; a number without its sign is none.
 */
export function readPercentages(reply: string, n: number): number[] {
  const entries = readList(reply, n, { pattern: /^(?:100|[1-9]?\d)\s?%$/, wanted: "percentages" });
  return entries.map((entry) => Number.parseInt(entry, 10) / 100);
}
