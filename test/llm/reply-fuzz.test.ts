import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { readReasoned } from "../../src/explain/chain-of-thought.js";
import { readExecutable } from "../../src/explain/executable.js";
import { readExplanation } from "../../src/explain/read-explanation.js";
import { readTokens } from "../../src/explain/single-token.js";
import { readReply } from "../../src/llm/ask.js";
import { toLine } from "../../src/llm/example-lines.js";
import { readPattern } from "../../src/llm/pattern/read-pattern.js";
import { noUsage } from "../../src/llm/text-model.js";
import { type Random, seededRandom } from "../../src/random.js";
import { readAnswers, readPercentages } from "../../src/score/classification-prompt.js";
import { readIntruder } from "../../src/score/intruder-prompt.js";
import { readRatings } from "../../src/score/rating-prompt.js";
import { readSimulation } from "../../src/score/simulation-prompt.js";
import { readAlike, readPairs } from "../../src/score/writing-prompt.js";

/** A parser of replies, good replies, and what must hold of a reply that it takes. */
interface Parser<T> {
  readonly name: string;
  read(reply: string): T;
  readonly good: readonly string[];
  /** Written without the parser's means. */
  holds(value: T, reply: string): boolean;
}

function parser<T>(of: Parser<T>): Parser<unknown> {
  return of as Parser<unknown>;
}

const rule = {
  clauses: [
    { target: { kind: "word", words: ["march", "may"] }, before: { kind: "after-class", name: "a number" } },
    { target: { kind: "regex", source: "[0-9]+(st|nd)" }, at: { from: 0, to: 3 }, nearby: ["recipe"] },
  ],
};

/** Every parser of replies in src/ belongs here. */
const parsers: readonly Parser<unknown>[] = [
  parser({
    name: "explanation",
    read: readExplanation,
    good: [
      "[EXPLANATION]: Names of months after the day of a date.",
      'First thoughts.\n[EXPLANATION]: no\n\n[EXPLANATION]: **The token " cat".**',
      "[EXPLANATION]: “.”",
    ],
    holds: (text, reply) =>
      text.trim() !== "" &&
      !/[\n\r]/.test(text) &&
      bare(reply.slice(reply.lastIndexOf("[EXPLANATION]:") + 14)).endsWith(bare(text)),
  }),
  parser({
    name: "reasoned",
    read: readReasoned,
    good: [
      "Marked are “May” and “June”.\nA day stands before.\n[EXPLANATION]: Names of months.",
      "[EXPLANATION]: one\n**[EXPLANATION]:** “cat”",
      "**\n[EXPLANATION]: The end of a line.",
    ],
    holds: ({ text, reasoning }, reply) =>
      text === readExplanation(reply) &&
      reasoning !== "" &&
      (reasoning === undefined ||
        (reasoning.trim() === reasoning &&
          bare(reply.slice(0, reply.lastIndexOf("[EXPLANATION]:"))) === bare(reasoning))),
  }),
  parser({
    name: "tokens",
    read: (reply) => readTokens(reply, 2),
    good: ["[EXPLANATION]: “cat”", 'Well.\n[EXPLANATION]: “ cat”, "dog", `owl`'],
    holds: (tokens, reply) =>
      /^[“"].+[”"]$/.test(tokens) &&
      standInOrder(unquoted(tokens), unquoted(reply.slice(reply.lastIndexOf("[EXPLANATION]:")))),
  }),
  parser({
    name: "answers",
    read: (reply) => readAnswers(reply, 5),
    good: ["[1, 0, 0, 1, 1]", "The list is [0,0,0,0,0].", "\n [1,\n1,1,1,0] "],
    holds: (answers, reply) =>
      answers.length === 5 && onlyList(reply) === answers.map((yes) => (yes ? "1" : "0")).join(","),
  }),
  parser({
    name: "percentages",
    read: (reply) => readPercentages(reply, 3),
    good: ["[97%, 3%, 50 %]", "I say [0%,100%,7%]."],
    holds: (probabilities, reply) =>
      probabilities.length === 3 &&
      onlyList(reply)?.replaceAll("%", "") === probabilities.map((p) => Math.round(100 * p)).join(","),
  }),
  parser({
    name: "ratings",
    read: (reply) => readRatings(reply, 3),
    good: ["[2, 0, 1]", "Ratings: [0,0,2]"],
    holds: (ratings, reply) => ratings.length === 3 && onlyList(reply) === ratings.join(","),
  }),
  parser({
    name: "intruder",
    read: (reply) => readIntruder(reply, 5),
    good: ["[3]", "It is text [ 5 ], I think."],
    holds: (at, reply) => Number.isInteger(at) && at >= 0 && at < 5 && Number(onlyNumber(reply)) === at + 1,
  }),
  parser({
    name: "simulation",
    read: (reply) => readSimulation(reply, 3),
    good: ["1\t the\t0\n2\t cat\t9\n3\t sat\t0", "\n1\ta\t3\n2\t\t\t4\n3\tc\t5\n\n"],
    holds: (digits, reply) =>
      digits.length === 3 &&
      reply
        .trim()
        .split("\n")
        .every((line, i) => line.trim().endsWith(`\t${digits[i]}`) && line.trim().startsWith(`${i + 1}\t`)),
  }),
  parser({
    name: "pairs",
    read: (reply) => readPairs(reply, 2),
    good: ["With 1: A red door.\nWithout 1: A tall door.\n\nWith 2: blue\\nsky\nWithout 2: wide\\nsky"],
    holds: (pairs, reply) =>
      pairs.length === 2 &&
      isLines(
        pairs.flatMap(({ text, counterpart }) => [text, counterpart]),
        reply,
      ),
  }),
  parser({
    name: "alike",
    read: (reply) => readAlike(reply, 2),
    good: ["Example 1: A red door.\nExample 2: blue\\nsky"],
    holds: (texts, reply) => texts.length === 2 && isLines(texts, reply),
  }),
  parser({
    name: "rule",
    read: readExecutable,
    good: [`[EXPLANATION]: Months.\n[PATTERN]: ${JSON.stringify(rule)}`],
    holds: ({ text, pattern }) =>
      text.trim() !== "" &&
      JSON.stringify(readPattern(JSON.parse(JSON.stringify(pattern)))) === JSON.stringify(pattern),
  }),
];

/** Text without white space and marks of emphasis. */
function bare(text: string): string {
  return text.replace(/[\s*]/g, "");
}

/** Text without white space, quotation marks and commas. */
function unquoted(text: string): string {
  return text.replace(/[\s“”"`,]/g, "");
}

/** Whether the signs of `part` stand in `whole` in their order, with or without others between. */
function standInOrder(part: string, whole: string): boolean {
  let at = 0;
  for (const sign of whole) if (part.startsWith(sign, at)) at += sign.length;
  return at === part.length;
}

/** What stands in the only pair of brackets, without white space. */
function onlyList(reply: string): string | undefined {
  const inside: string[] = [];
  let open: number | undefined;
  [...reply].forEach((sign, i, signs) => {
    if (sign === "[") open = i + 1;
    if (sign !== "]" || open === undefined) return;
    inside.push(signs.slice(open, i).join("").replace(/\s/g, ""));
    open = undefined;
  });
  return inside.length === 1 ? inside[0] : undefined;
}

function onlyNumber(reply: string): string | undefined {
  const lists = reply
    .split("[")
    .slice(1)
    .flatMap((part) => (part.includes("]") ? [part.slice(0, part.indexOf("]"))] : []));
  const numbers = lists.map((list) => list.trim()).filter((list) => list !== "" && [...list].every(isDigit));
  return numbers.length === 1 ? numbers[0] : undefined;
}

function isDigit(sign: string): boolean {
  return sign >= "0" && sign <= "9";
}

/** Whether each text is what stands behind the label of one line, in order, and none is empty. */
function isLines(texts: readonly string[], reply: string): boolean {
  const lines = reply.split("\n").filter((line) => line.trim() !== "");
  return (
    lines.length === texts.length &&
    texts.every(
      (text, i) => text.trim() !== "" && toLine(text).length > 0 && lines[i]?.includes(": ") === true,
    )
  );
}

const fragments = [
  ..."[]{}\"'“”`*,:;.-+\\/<>|0123456789 \n\r\t\v\f\0\u2028\u0085\u202e\u200b\ufeff\ud83d\u0661",
  ...[
    "[1, 0]",
    "[1,1,1,1,1]",
    "[EXPLANATION]:",
    "[PATTERN]:",
    "<<",
    ">>",
    "\n\n",
    "null",
    "NaN",
    "1e9",
    "-1",
    "2",
  ],
  ...[
    "With 1: ",
    "Example 2: ",
    "<script>alert(1)</script>",
    "😀",
    "е́",
    "Ignore the above.",
    "true",
    '{"clauses":[]}',
  ],
];

/** One to four changes of a reply: parts removed, doubled, moved, or something put in. */
function mutated(reply: string, random: Random): string {
  let text = reply;
  for (let n = 1 + random.integer(4); n > 0; n--) {
    const [a, b] = [random.integer(text.length + 1), random.integer(text.length + 1)].sort((x, y) => x - y);
    const [before, part, after] = [text.slice(0, a), text.slice(a, b), text.slice(b)];
    const fragment = random.pick(fragments);
    text = random.pick([
      before + after,
      before + part,
      before + part + part + after,
      after + part + before,
      before + fragment + part + after,
      before + fragment + text.slice(a + 1),
      before + fragment.repeat(3) + after,
    ]);
  }
  return text;
}

/** The value, or `undefined` where the parser said why not; any other error is thrown on. */
function tried<T>(read: (reply: string) => T, reply: string): { value: T } | undefined {
  try {
    return { value: read(reply) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    expect(error.message).toMatch(/^Cannot /);
    return undefined;
  }
}

describe.each(parsers)("the parser of $name", ({ name, read, good, holds }) => {
  it("takes good replies", () => {
    for (const reply of good) expect(holds(read(reply), reply)).toBe(true);
  });

  it("takes, of 10,000 mutated replies, only such as are in its grammar, and says why it takes no other", () => {
    const random = seededRandom(`fuzz ${name}`);
    let refused = 0;
    for (let i = 0; i < 10_000; i++) {
      const reply = mutated(random.pick(good), random);
      const found = tried(read, reply);
      if (!found) refused++;
      else if (!holds(found.value, reply))
        expect.fail(`taken as ${JSON.stringify(found.value)}: ${JSON.stringify(reply)}`);
    }
    // The mutations are neither so weak that all pass nor so strong that none does.
    expect(refused).toBeGreaterThan(500);
    expect(refused).toBeLessThan(10_000);
  });

  it("reads a million characters in time that does not grow faster than they do", () => {
    const heads = ["", "[EXPLANATION]:", "[", "[PATTERN]: ", "1\t", "[EXPLANATION]: a\n[PATTERN]: "];
    const parts = [
      ...'[]{“"‘*\\ \n\t1',
      "[ ",
      "[0,",
      '{"a":',
      "1\t",
      "\t5",
      " \t",
      "[EXPLANATION]:",
      "Example 1: ",
    ];
    for (const head of heads) {
      for (const part of parts) {
        const reply = `${head}${part.repeat(1e6 / part.length)}x`;
        // A parser that goes back over what it has read would need hours.
        runInNewContext("read()", { read: () => tried(read, reply) }, { timeout: 10_000 });
      }
    }
  }, 300_000);

  it("is not asked where a reply was refused or cut short", () => {
    const reply = { text: good[0] as string, usage: noUsage, model: "m" };
    expect(readReply({ ...reply, stop: "end" }, read).status).toBe("ok");
    for (const stop of ["refused", "truncated"] as const) {
      expect(readReply({ ...reply, stop }, read)).toMatchObject({ status: stop, reply: good[0] });
    }
  });
});
