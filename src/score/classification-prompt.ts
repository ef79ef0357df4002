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
 * Reads a reply as a list of `n` answers. Words around the list are allowed, a second list is not: nobody
 * could tell which of the two was meant.
 *
 * @throws {SyntaxError} If there is not exactly one list of 0 and 1, or if its length is not `n`.
 */
export function readAnswers(reply: string, n: number): boolean[] {
  const lists = reply.match(/\[[^[\]]*\]/g) ?? [];
  const list = lists[0];
  if (list === undefined || lists.length > 1) {
    throw new SyntaxError(`Cannot read the answers: the reply holds ${lists.length} lists, not 1`);
  }
  const entries = list
    .slice(1, -1)
    .split(",")
    .map((entry) => entry.trim());
  if (!entries.every((entry) => entry === "0" || entry === "1")) {
    throw new SyntaxError("Cannot read the answers: the list holds something other than 0 and 1");
  }
  if (entries.length !== n) {
    throw new SyntaxError(`Cannot read the answers: the list has ${entries.length} entries, not ${n}`);
  }
  return entries.map((entry) => entry === "1");
}

/** The whole question, with worked turns before it. */
export function classificationRequest(
  task: ExampleTask,
  { system, turns }: { system: string; turns: readonly WorkedTurn[] },
  { explanation, texts }: { explanation: string; texts: readonly string[] },
): TextRequest {
  const worked = turns.flatMap((turn): TextMessage[] => [
    { role: "user", content: classificationQuestion(task, turn.explanation, turn.texts) },
    { role: "assistant", content: writeAnswers(turn.answers) },
  ]);
  const question = classificationQuestion(task, explanation, texts);
  return {
    system,
    messages: [...worked, { role: "user", content: question }],
    // Three tokens an answer in the widest tokenizer, and room for the brackets.
    maxTokens: 32 + 4 * texts.length,
  };
}
