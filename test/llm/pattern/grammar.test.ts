import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { read } from "../../../src/llm/pattern/grammar.js";
import type {
  After,
  Before,
  Clause,
  Pattern,
  Place,
  Positions,
  Target,
} from "../../../src/llm/pattern/pattern.js";
import { quotedWords } from "../../../src/llm/pattern/quoted-words.js";
import { readPattern } from "../../../src/llm/pattern/read-pattern.js";
import { classNames } from "../../../src/llm/pattern/word-classes.js";
import { write } from "../../../src/llm/pattern/write-sentence.js";

const tricky = fc.constantFrom(
  "“",
  "”",
  "\\",
  "\n",
  "; or ",
  " after “a”",
  " or ",
  " after a word",
  " in text with ",
  " but not [",
  " and also [the word",
  "]",
  " at positions 1 to 2",
  " soon before “b”",
  '"',
  ", ",
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.oneof(tricky, fc.string({ unit: "grapheme", maxLength: 2 })) }),
);
const texts = fc.array(text, { minLength: 1, maxLength: 4 });
const name = fc.constantFrom(...classNames);
const place = fc.constantFrom<Place>("anywhere", "start", "middle", "end");

const target: fc.Arbitrary<Target> = fc.oneof(
  fc.record({ kind: fc.constant("word" as const), words: texts }),
  fc.record({ kind: fc.constant("prefix" as const), parts: texts }),
  fc.record({ kind: fc.constant("suffix" as const), parts: texts }),
  fc.record({ kind: fc.constant("part" as const), parts: texts, place }),
  fc.record({ kind: fc.constant("in-word" as const), part: text, words: texts }),
  fc.record({ kind: fc.constant("in-prefix" as const), part: text, starts: texts }),
  fc.record({ kind: fc.constant("token" as const), tokens: texts }),
  fc.record({
    kind: fc.constant("regex" as const),
    source: fc.constantFrom("a|“b”", "\\d+(?:st|nd)", "[^\\s]{2,}\\]"),
  }),
  fc.record({ kind: fc.constant("class" as const), name }),
);
const within = fc.integer({ min: 1, max: 40 });
const before: fc.Arbitrary<Before> = fc.oneof(
  fc.record({ kind: fc.constant("after" as const), words: texts }),
  fc.record(
    { kind: fc.constant("soon-after" as const), words: texts, within },
    { requiredKeys: ["kind", "words"] },
  ),
  fc.record({ kind: fc.constant("after-class" as const), name }),
  fc.record({
    kind: fc.constant("at-start" as const),
    of: fc.constantFrom("sentence" as const, "line" as const),
  }),
);
const after: fc.Arbitrary<After> = fc.oneof(
  fc.record({ kind: fc.constant("before" as const), words: texts }),
  fc.record(
    { kind: fc.constant("soon-before" as const), words: texts, within },
    { requiredKeys: ["kind", "words"] },
  ),
);
const at: fc.Arbitrary<Positions> = fc.oneof(
  fc.record({ from: fc.nat(9) }),
  fc.record({ from: fc.nat(9), to: fc.integer({ min: 9, max: 99 }) }),
);
const required = { requiredKeys: ["target" as const] };
const plain: fc.Arbitrary<Clause> = fc.record({ target, before, after, at, nearby: texts }, required);
const { clauses } = fc.letrec<{ clause: Clause; clauses: Clause[] }>((tie) => ({
  clause: fc.oneof(
    { maxDepth: 2 },
    plain,
    fc.record({ target, at, also: tie("clauses"), except: tie("clauses") }, required),
  ),
  clauses: fc.array(tie("clause"), { minLength: 1, maxLength: 3 }),
}));
const pattern: fc.Arbitrary<Pattern> = fc.record({ clauses });

describe("read()", () => {
  it("takes back every pattern that write() wrote", () => {
    fc.assert(
      fc.property(pattern, (p) => {
        expect(read(write(p))).toEqual(p);
      }),
      { numRuns: 2000 },
    );
  });

  it("is as JSON what readPattern() takes, up to its bounds", () => {
    const p: Pattern = {
      clauses: [
        {
          target: { kind: "word", words: ["cat"] },
          at: { from: 1 },
          except: [{ target: { kind: "regex", source: "a+" } }],
        },
      ],
    };
    expect(readPattern(JSON.parse(JSON.stringify(p)))).toEqual(p);
    expect(write(p)).toBe("the word “cat” from position 1 on but not [text that matches “a+”]");
  });

  it("allows a full stop at the end", () => {
    expect(read("the word “cat”.")).toEqual({ clauses: [{ target: { kind: "word", words: ["cat"] } }] });
  });

  it.each([
    "",
    "Names of animals",
    "the word cat",
    "the word “cat” or",
    "a strange word",
    "the word “cat” near “dog”",
    "“cat",
    "the word “cat” but not [the word “dog”",
    "the word “cat” but not []",
    "the word “cat” but not [cats]",
    "text that matches “(”",
    "text that matches “(?=a)”",
  ])("gives nothing for %j", (sentence) => {
    expect(read(sentence)).toBeUndefined();
  });
});

describe("write()", () => {
  it.each<[Clause, string]>([
    [
      { target: { kind: "word", words: ["cat", "dog"] }, before: { kind: "after", words: ["the"] } },
      "the word “cat” or “dog” after “the”",
    ],
    [{ target: { kind: "part", parts: ["ed", "ing"], place: "end" } }, "“ed” or “ing” at the end of a word"],
    [{ target: { kind: "in-prefix", part: "y", starts: ["why"] } }, "“y” in a word that begins with “why”"],
    [
      { target: { kind: "class", name: "a number" }, before: { kind: "after-class", name: "a month" } },
      "a number after a month",
    ],
    [{ target: { kind: "class", name: "a word" }, nearby: ["{", ";"] }, "a word in text with “{” or “;”"],
    [
      { target: { kind: "suffix", parts: ["ly"] }, before: { kind: "at-start", of: "sentence" } },
      "a word that ends with “ly” at the start of a sentence",
    ],
  ])("writes %j as a sentence", (one, sentence) => {
    expect(write({ clauses: [one] })).toBe(sentence);
  });
});

describe("quotedWords()", () => {
  it("reads the quoted words and signs of somebody else's sentence", () => {
    expect(quotedWords(`The tokens "cat", 'dog' and “Once upon” in the children's stories.`)).toEqual({
      clauses: [
        { target: { kind: "word", words: ["cat", "dog"] } },
        { target: { kind: "part", parts: ["Once upon"], place: "anywhere" } },
      ],
    });
  });

  it("gives nothing where nothing is quoted, whatever apostrophes there are", () => {
    expect(quotedWords("The children's toys and the dogs' bones")).toBeUndefined();
  });

  it("goes through a million characters once, however many quotations are never closed", () => {
    const parts = ["“", '"', "«", "`", " '", " ‘", "“a", "«a ", " ‘a", "“'", "“”", "«»", "’ ", "“«‘"];
    for (const part of parts) {
      const sentence = `${part.repeat(1e6 / part.length)} and “cat”`;
      // One that goes back to look for the end of each quotation needs hours.
      const found = runInNewContext("read()", { read: () => quotedWords(sentence) }, { timeout: 20_000 });
      expect(JSON.stringify(found)).toContain('"cat"');
    }
    const many = Array.from({ length: 100_000 }, (_, i) => `“w${i}”`).join("");
    const found = runInNewContext("read()", { read: () => quotedWords(many) }, { timeout: 20_000 });
    expect(found.clauses[0].target.words).toHaveLength(100_000);
  }, 120_000);
});

describe("read() of what nobody wrote", () => {
  it("takes no notice of what is nested deeper than a sentence is, or longer", () => {
    const nested = (depth: number) =>
      `${"the word “a” and also [".repeat(depth)}the word “b”${"]".repeat(depth)}`;
    expect(read(nested(8))).toBeDefined();
    expect(read(nested(9))).toBeUndefined();
    expect(read(`the word “${"a".repeat(1e5)}”`)).toBeUndefined();
    const hostile = [nested(4_000), "[".repeat(1e6), "and also [".repeat(9_999), "“".repeat(99_999)];
    for (const text of hostile) {
      const found = runInNewContext("read()", { read: () => read(text) }, { timeout: 5_000 });
      expect(found).toBeUndefined();
    }
  });
});
