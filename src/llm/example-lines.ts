/**
 * How example texts stand in a prompt, shared by those who write prompts and by the embedded model that
 * reads them. A text of a corpus is data and may hold anything, a label of ours or an instruction too: it
 * stands on one line of its own, its line breaks written as `\n`, after a label that no text can imitate at the
 * start of a line.
 */

/** The line above the examples, which tells the three tasks apart. */
export const exampleHeadings = {
  explain: "Marked examples:",
  detection: "Texts:",
  fuzzing: "Marked texts:",
} as const;

export type ExampleTask = keyof typeof exampleHeadings;

/** A text on one line; `fromLine` gives it back. A backslash is doubled only where it could be misread. */
export function toLine(text: string): string {
  return text.replace(
    /\\(?=[nrvfu\\\n\r\u2028\u2029\u0085\v\f])|[\n\r\u2028\u2029\u0085\v\f]/g,
    (c) => escapes.get(c) ?? c,
  );
}

/** Undoes `toLine`. A backslash before any other character stays. */
export function fromLine(line: string): string {
  return line.replace(/\\(?:u(2028|2029|0085)|[\\nrvf])/g, (all) => unescapes.get(all) ?? all);
}

const escapes = new Map([
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\v", "\\v"],
  ["\f", "\\f"],
  ["\u2028", "\\u2028"],
  ["\u2029", "\\u2029"],
  ["\u0085", "\\u0085"],
]);
const unescapes = new Map([...escapes].map(([plain, escaped]) => [escaped, plain]));

/** `Example 1: …` and so on, one line each. */
export function exampleLine(number: number, text: string): string {
  return `Example ${number}: ${toLine(text)}`;
}

/** The line above the texts in which the unit is silent. */
export const contrastHeading = "Texts where nothing is marked, since the unit is silent in them:";

/** `Silent 1: …` and so on, one line each. */
export function silentLine(number: number, text: string): string {
  return `Silent ${number}: ${toLine(text)}`;
}

/** Reads the texts of `silentLine`. */
export function readSilent(message: string): string[] {
  return Array.from(message.matchAll(/^Silent \d+: (.*)$/gmu), ([, line]) => fromLine(line));
}

/** What is asked for beside or in place of a sentence; the last line of a question. */
export const answerForms = {
  tokens: (most: number) =>
    `Answer with ${most === 1 ? "1 token" : `up to ${most} tokens`} in quotation marks.`,
  pattern: () => "Answer with a sentence and a pattern.",
} as const;

/** A token as it stands in an answer: “cat”. */
export function quoteToken(token: string): string {
  return /[“”]/.test(token) ? `"${token}"` : `“${token}”`;
}

/** The tokens in quotation marks, each once. No quotation reaches over an opening mark, so each text is gone through once. */
export function readQuotedTokens(line: string): string[] {
  const quotes = line.matchAll(/“([^“”]+)”|"([^"]+)"|`([^`]+)`/g);
  return [
    ...new Set(Array.from(quotes, ([, ...groups]) => groups.find((group) => group !== undefined) ?? "")),
  ];
}

/** Reads the line of `answerForms`. */
export function readAnswerForm(message: string): { tokens?: number; pattern?: true } {
  const line = message.slice(message.lastIndexOf("\n") + 1);
  if (line === answerForms.pattern()) return { pattern: true };
  const most = /^Answer with (?:up to )?(\d+) tokens? in quotation marks\.$/.exec(line)?.[1];
  return most === undefined ? {} : { tokens: Number(most) };
}

/** A token and a number that belongs to it. */
export interface TokenNumber {
  readonly piece: string;
  readonly strength: number;
}

/** `Strengths: ("cat", 9), (" sat", 3)`. */
export function strengthLine(strengths: readonly TokenNumber[]): string {
  return tokenLine("Strengths", strengths);
}

/** What lists of tokens that belong to no example are called. */
export type TokenLabel = "Tokens" | "Promoted" | "Suppressed";

/** `Promoted: ("cat", 4.1), (" dog", 3.8)`: tokens with a number each, on one line. */
export function tokenLine(label: TokenLabel | "Strengths", tokens: readonly TokenNumber[]): string {
  const pairs = tokens.map(({ piece, strength }) => `(${JSON.stringify(piece)}, ${strength})`);
  return `${label}: ${pairs.join(", ")}`;
}

/** Reads the line of `tokenLine`; `undefined` where there is none. */
export function readTokenLine(message: string, label: TokenLabel): TokenNumber[] | undefined {
  const line = message.split("\n").find((found) => found.startsWith(`${label}: `));
  return line === undefined ? undefined : readPairs(line);
}

/** An example as it was read back from a prompt. */
export interface ReadExample {
  readonly text: string;
  readonly strengths: readonly TokenNumber[];
}

/** Reads the examples below the task's heading. */
export function readExamples(message: string): { task: ExampleTask; examples: ReadExample[] } | undefined {
  const lines = message.split("\n");
  for (const [task, heading] of Object.entries(exampleHeadings)) {
    const at = lines.indexOf(heading);
    if (at >= 0) return { task: task as ExampleTask, examples: readLines(lines.slice(at + 1)) };
  }
  return undefined;
}

function readLines(lines: readonly string[]): ReadExample[] {
  const examples: { text: string; strengths: ReadExample["strengths"] }[] = [];
  for (const line of lines) {
    const example = /^Example \d+: (.*)$/su.exec(line);
    if (example) examples.push({ text: fromLine(example[1] as string), strengths: [] });
    const last = examples.at(-1);
    if (last && line.startsWith("Strengths: ")) last.strengths = readPairs(line);
  }
  return examples;
}

function readPairs(line: string): TokenNumber[] {
  const pairs = line.matchAll(/\(("(?:[^"\\]|\\.)*"), (-?\d+(?:\.\d+)?)\)/g);
  return [...pairs].map(([, piece, strength]) => ({
    piece: JSON.parse(piece as string) as string,
    strength: Number(strength),
  }));
}
