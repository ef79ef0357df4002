import { describe, expect, it } from "vitest";
import { read } from "../../../src/llm/pattern/grammar.js";
import { readPattern } from "../../../src/llm/pattern/read-pattern.js";
import { runPattern } from "../../../src/llm/pattern/run-pattern.js";
import { safeRegex } from "../../../src/llm/pattern/safe-regex.js";
import { write } from "../../../src/llm/pattern/write-sentence.js";

const pieces = [
  "The",
  " cat",
  " sat",
  " on",
  " the",
  " cat",
  "alogue",
  ".",
  " A",
  " dog",
  " sat",
  "\n",
  "Cats",
];

/** Indices of the tokens that one clause claims. */
function claimed(clause: object, start = 0): number[] {
  const pattern = readPattern({ clauses: [clause] });
  // Both notations say the same.
  expect(read(write(pattern))).toEqual(pattern);
  return runPattern(pattern, { pieces, start }).flatMap((is, i) => (is ? [i] : []));
}

const cat = { kind: "token", tokens: [" cat"] };
const sat = { kind: "word", words: ["sat"] };

describe("runPattern()", () => {
  it.each([
    ["tokens as they are", { target: cat }, [1, 5]],
    ["words, whole", { target: { kind: "word", words: ["cat"] } }, [1]],
    ["all tokens of a word", { target: { kind: "word", words: ["catalogue"] } }, [5, 6]],
    ["regular expressions", { target: { kind: "regex", source: "(?i)\\bcats?\\b" } }, [1, 12]],
    ["ends of lines in them", { target: { kind: "regex", source: "^C\\w+$" } }, [12]],
    ["what stands before", { target: sat, before: { kind: "after", words: ["dog"] } }, [10]],
    [
      "what stands a little before",
      { target: sat, before: { kind: "soon-after", words: ["the"], within: 2 } },
      [2],
    ],
    ["what stands behind", { target: cat, after: { kind: "before", words: ["sat on"] } }, [1]],
    [
      "what stands a little behind",
      { target: cat, after: { kind: "soon-before", words: ["the"], within: 3 } },
      [1],
    ],
    [
      "what stands further behind",
      { target: cat, after: { kind: "soon-before", words: ["the"], within: 2 } },
      [],
    ],
    ["positions", { target: sat, at: { from: 0, to: 2 } }, [2]],
    ["positions to the end", { target: sat, at: { from: 3 } }, [10]],
    ["intersections", { target: { kind: "prefix", parts: ["ca"] }, also: [{ target: cat }] }, [1, 5, 6]],
    ["negations", { target: cat, except: [{ target: { kind: "word", words: ["catalogue"] } }] }, [1]],
  ])("runs %s", (_, clause, expected) => {
    expect(claimed(clause)).toEqual(expected);
  });

  it("counts positions from the beginning of the context, not of the window", () => {
    expect(claimed({ target: sat, at: { from: 66 } }, 64)).toEqual([2, 10]);
  });

  it("joins clauses", () => {
    const pattern = readPattern({ clauses: [{ target: cat }, { target: sat }] });
    expect(runPattern(pattern, { pieces })).toEqual(pieces.map((piece) => [" cat", " sat"].includes(piece)));
  });

  it("claims the tokens that make up one character, text or no text", () => {
    const pattern = readPattern({ clauses: [{ target: { kind: "regex", source: "🦊" } }] });
    expect(runPattern(pattern, { pieces: ["a", "", "", "🦊", "b"] })).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });
});

describe("safeRegex()", () => {
  it("runs in linear time what stops a backtracking engine", () => {
    const found = safeRegex("(a+)+$").matcher(`${"a".repeat(20_000)}b`);
    expect(found.find()).toBe(false);
  });

  it.each(["(?=a)b", "(a)\\1", "(", "a".repeat(501)])("takes no %j", (source) => {
    expect(() => safeRegex(source)).toThrow(SyntaxError);
  });
});

describe("readPattern()", () => {
  it.each([
    [null, /Cannot read the pattern: it is null, an object/],
    [{ clauses: [] }, /Cannot read clauses of the pattern: it is a list of 0/],
    [{ clauses: [{ target: { kind: "word" } }] }, /clauses\[0\].target.words of the pattern: it is missing/],
    [{ clauses: [{ target: { kind: "word", words: [7] } }] }, /words\[0\] of the pattern: it is 7, a string/],
    [
      { clauses: [{ target: { kind: "class", name: "a cat" } }] },
      /"a cat" is no class of words; choose one of: a word,/,
    ],
    [{ clauses: [{ target: { kind: "regex", source: "(?=a)" } }] }, /Cannot read the regular expression/],
    [{ clauses: [{ target: cat, not: [] }] }, /field "not", only target, before/],
    [
      { clauses: [{ target: cat, at: { from: 3, to: 2 } }] },
      /at.to of the pattern: it is 2, a whole number from 3/,
    ],
    [{ clauses: [{ target: { kind: "toString" } }] }, /one of word, prefix/],
    [deep(5), /go 4 deep at most/],
  ])("says what is wrong with %j", (value, message) => {
    expect(() => readPattern(value)).toThrow(message);
    expect(() => readPattern(value)).toThrow(SyntaxError);
  });
});

function deep(levels: number): object {
  return {
    clauses: [
      { target: cat, ...(levels > 1 && { except: (deep(levels - 1) as { clauses: object[] }).clauses }) },
    ],
  };
}
