import { describe, expect, it } from "vitest";
import { segment } from "../../../src/llm/pattern/document.js";
import type { Pattern, Target } from "../../../src/llm/pattern/pattern.js";
import { matcher } from "../../../src/llm/pattern/run.js";
import { classNames } from "../../../src/llm/pattern/word-classes.js";
import { writeTexts } from "../../../src/llm/pattern/write-texts.js";

const of = (target: Target, rest = {}): Pattern => ({ clauses: [{ target, ...rest }] });
const cat = { kind: "word", words: ["cat"] } as const;

describe("writeTexts()", () => {
  it.each<[string, Pattern]>([
    ["a word", of(cat)],
    ["a common word", of({ kind: "word", words: ["the"] })],
    ["a sign", of({ kind: "part", parts: ["-"], place: "anywhere" })],
    ["a word with capitals", of({ kind: "word", words: ["The"] })],
    ["an end", of({ kind: "suffix", parts: ["tion"] })],
    ["a beginning", of({ kind: "prefix", parts: ["thr"] })],
    ["a middle", of({ kind: "part", parts: ["oo"], place: "middle" })],
    ["an end of a beginning", of({ kind: "in-prefix", part: "y", starts: ["why"] })],
    ["a token", of({ kind: "token", tokens: [" cat"] })],
    ["a word after another", of(cat, { before: { kind: "after", words: ["old"] } })],
    ["a word soon after another", of(cat, { before: { kind: "soon-after", words: ["old"] } })],
    ["a word after a class", of(cat, { before: { kind: "after-class", name: "a number" } })],
    [
      "a word at the start of a sentence",
      of({ kind: "class", name: "a word" }, { before: { kind: "at-start", of: "sentence" } }),
    ],
    ["a word at the start of a line", of(cat, { before: { kind: "at-start", of: "line" } })],
    ["a word before another", of(cat, { after: { kind: "before", words: ["food"] } })],
    ["a word soon before another", of(cat, { after: { kind: "soon-before", words: ["food"] } })],
    ["words near another", of(cat, { nearby: ["garden"] })],
    ["two things", { clauses: [{ target: cat }, { target: { kind: "class", name: "a month" } }] }],
  ])("%s is in each text and in no counterpart", (_, pattern) => {
    const pairs = writeTexts(pattern, 10) ?? [];
    expect(pairs).toHaveLength(10);
    expect(new Set(pairs.map(({ text }) => text)).size).toBe(10);
    const match = matcher(pattern);
    expect(pairs.filter(({ text }) => match(segment(text)).length === 0)).toEqual([]);
    expect(pairs.filter(({ counterpart }) => match(segment(counterpart)).length > 0)).toEqual([]);
  });

  it("can write of every class of words", () => {
    const unwritten = classNames.filter((name) => !writeTexts(of({ kind: "class", name }), 5));
    expect(unwritten).toEqual([]);
  });

  it("gives up where it cannot: a regular expression that is no text of its own", () => {
    expect(writeTexts(of({ kind: "regex", source: "\\d{3}" }), 5)).toBeUndefined();
    expect(writeTexts({ clauses: [] }, 5)).toBeUndefined();
  });
});
