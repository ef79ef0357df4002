import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { segment } from "../../../src/llm/pattern/document.js";
import { read } from "../../../src/llm/pattern/grammar.js";
import type { Pattern } from "../../../src/llm/pattern/pattern.js";
import { run } from "../../../src/llm/pattern/run.js";

/** The places that a sentence finds, as text. */
function found(sentence: string, text: string): string[] {
  const pattern = read(sentence) as Pattern;
  return run(pattern, text).map(({ start, end }) => text.slice(start, end));
}

const story = `The cat saw the dog. "Why not?" said Tom, who was 3 years old. The trees are tall.\n\nWhat a Dog!`;

describe("run()", () => {
  it.each<[string, string[]]>([
    ["the word “dog”", ["dog", "Dog"]],
    ["the word “Dog”", ["Dog"]],
    ["the word “cat” or “dog” after “the”", ["cat", "dog"]],
    ["the word “dog” after “saw the”", ["dog"]],
    ["the word “old” soon after “was”", ["old"]],
    ["the word “tall” soon after “old”", ["tall"]],
    ["the word “tall” soon after “was”", []],
    ["“re” in the word “trees”", ["re"]],
    ["“y” in a word that begins with “why”", ["y"]],
    ["“re” in a word that begins with “tre”", ["re"]],
    ["“s” at the end of a word", ["s", "s", "s"]],
    ["“t” at the start of a word", ["T", "t", "T", "T", "t", "t"]],
    ["“al” in the middle of a word", ["al"]],
    ["a word that begins with “tr”", ["trees"]],
    ["a word that ends with “ees”", ["trees"]],
    ["a number", ["3"]],
    ["a line break", ["\n\n"]],
    ["a capitalised word at the start of a sentence", ["Why", "The", "What"]],
    ["a word at the start of a line", ["What"]],
    ["a question word", ["Why", "who", "What"]],
    ["a word after a number", ["years"]],
    ['the word “said” after “? "”', ["said"]],
    ["a number; or the word “cat”", ["cat", "3"]],
    ["a number in text with “trees”", ["3"]],
    ["a number in text with “{”", []],
  ])("finds %s", (sentence, places) => {
    expect(found(sentence, story)).toEqual(places);
  });

  it("gives places inside the text, in order, whatever the text", () => {
    const sentence = "“a” at the start of a word; or a number; or “b”; or a line break";
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        let last = -1;
        for (const { start, end } of run(read(sentence) as Pattern, text)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
          last = start;
        }
      }),
    );
  });
});

describe("segment()", () => {
  it("keeps offsets where small letters have another length", () => {
    const text = "İstanbul is İ big";
    const { units, lower } = segment(text);
    expect(lower).toHaveLength(text.length);
    expect(units.map(({ start, end }) => text.slice(start, end))).toEqual(["İstanbul", "is", "İ", "big"]);
  });

  it("cuts words, numbers, line breaks and signs", () => {
    expect(segment("Don't pay $3.50,\n\n ok?").units.map(({ text }) => text)).toEqual([
      "Don't",
      "pay",
      "$",
      "3.50",
      ",",
      "\n",
      "ok",
      "?",
    ]);
  });
});
