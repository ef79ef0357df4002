import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { displayText, quotedText } from "../../widgets/src/core/glyphs.js";
import { mergeRuns } from "../../widgets/src/core/runs.js";

const token = fc.record({ piece: fc.string({ unit: "grapheme" }), step: fc.integer({ min: 0, max: 3 }) });

describe("mergeRuns()", () => {
  test("joins to the text, for any pieces, steps and tokens that stand alone", () => {
    fc.assert(
      fc.property(fc.array(token), fc.array(fc.nat(20), { maxLength: 2 }), (tokens, alone) => {
        const pieces = tokens.map(({ piece }) => piece);
        const runs = mergeRuns(
          tokens.map(({ step }) => step),
          alone,
        );
        const texts = runs.map(({ start, end }) => pieces.slice(start, end).join(""));
        expect(texts.join("")).toBe(pieces.join(""));
        for (const { start, end, step } of runs) {
          expect(end).toBeGreaterThan(start);
          for (let i = start; i < end; i++) expect(tokens[i]?.step).toBe(step);
          if (alone.some((i) => i >= start && i < end)) expect(end - start).toBe(1);
        }
      }),
    );
  });

  test("leaves no two neighbours of equal step apart, unless one stands alone", () => {
    expect(mergeRuns([0, 0, 5, 5, 0], [])).toEqual([
      { start: 0, end: 2, step: 0 },
      { start: 2, end: 4, step: 5 },
      { start: 4, end: 5, step: 0 },
    ]);
    expect(mergeRuns([0, 0, 0], [1]).map(({ start }) => start)).toEqual([0, 1, 2]);
    expect(mergeRuns([], [])).toEqual([]);
  });
});

describe("displayText()", () => {
  test("marks line breaks and blanks as it is told", () => {
    const piece = "a b\n\tc";
    expect(displayText(piece, "off")).toBe("a b  c");
    expect(displayText(piece, "newline")).toBe("a b↵⇥c");
    expect(displayText(piece, "all")).toBe("a·b↵⇥c");
  });

  test("never draws a character that breaks the line or turns the text around it", () => {
    const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, fc.constantFrom("off", "newline", "all" as const), (piece, mode) => {
        expect(displayText(piece, mode as "off")).not.toMatch(unsafe);
      }),
    );
  });

  test("leaves emoji and joined characters whole", () => {
    expect(displayText("👩‍👩‍👧 e\u0301", "newline")).toBe("👩‍👩‍👧 e\u0301");
  });
});

test("quotedText() names every character of a piece", () => {
  expect(quotedText(' "a\n\u202e')).toBe('·"a\\n\\u202e');
});
