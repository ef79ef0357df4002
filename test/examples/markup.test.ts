import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { activeTokens, highlight, markTokens, readMarkup, strengths } from "../../src/examples/markup.js";

function window(pieces: string[], activations: number[]) {
  const tokens = new Int32Array(pieces.length);
  return { context: 0, start: 0, tokens, pieces, activations: Float32Array.from(activations) };
}

describe("highlight()", () => {
  test("marks runs of tokens above 0.3 of the window's maximum", () => {
    const example = window(["The", " black", " cat", " sat", "."], [0, 4, 10, 3, 3.01]);
    expect(highlight(example)).toBe("The<< black cat>> sat<<.>>");
    expect(highlight(example, 0.5)).toBe("The black<< cat>> sat.");
    expect(activeTokens(example)).toEqual([false, true, true, false, true]);
  });

  test("marks nothing in a silent window", () => {
    expect(highlight(window(["a", "b"], [0, 0]))).toBe("ab");
  });
});

describe("markTokens() and readMarkup()", () => {
  test("keep apart marks and the text's own brackets", () => {
    expect(markTokens(["cout <", "< ", "x"], [0, 0, 1])).toBe("cout \\<\\< <<x>>");
    expect(markTokens(["<div>", "a", "</div>"], [0, 1, 0])).toBe("<div><<a>></div>");
    expect(markTokens(["a<", "b>", "c"], [0, 1, 0])).toBe("a\\<<<b\\>>>c");
    expect(readMarkup("cout \\<\\< <<x>>")).toEqual({ text: "cout << x", spans: [{ start: 8, end: 9 }] });
  });

  test("mark the token that shows a character for the tokens that begin it", () => {
    expect(markTokens(["caf", "", "é", " x", ""], [0, 1, 0, 0, 1])).toBe("caf<<é>> x");
  });

  test("read back what was written, whatever the text", () => {
    const piece = fc.oneof(
      fc.string({ unit: fc.constantFrom("<", ">", "\\", "a", "\n"), maxLength: 5 }),
      fc.string({ unit: "grapheme", maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.boolean()), { maxLength: 12 }), (tokens) => {
        const pieces = tokens.map(([text]) => text);
        const { text, spans } = readMarkup(
          markTokens(
            pieces,
            tokens.map(([, flag]) => flag),
          ),
        );
        expect(text).toBe(pieces.join(""));
        const marked = new Array<boolean>(text.length).fill(false);
        for (const { start, end } of spans) marked.fill(true, start, end);
        let carried = false;
        const wanted = tokens.flatMap(([own, flag]) => {
          const shown = flag || carried;
          carried = shown && own === "";
          return new Array<boolean>(own.length).fill(shown);
        });
        expect(marked).toEqual(wanted);
        const borders = spans.map(({ start }, i) => start - (spans[i - 1]?.end ?? -1));
        expect(borders.every((gap) => gap > 0)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("refuse marks that do not pair up", () => {
    for (const text of ["a <<b", "a b>>", "<<a <<b>>>>", ">>a<<"]) {
      expect(() => readMarkup(text)).toThrow(SyntaxError);
    }
    expect(() => readMarkup("a <<b")).toThrow('Cannot read the marks of "a <<b": a << has no partner');
  });
});

test("marks are written and read in time that does not grow faster than the text", () => {
  for (const part of ["\\", "\\\\", "\\x", "<", ">", "\\<", "<\\"]) {
    for (const end of ["", "x", "<", "\\<"]) {
      const text = `${part.repeat(5e5 / part.length)}${end}`;
      const there = () => readMarkup(markTokens([text, " cat", text], [0, 1, 0]));
      // One that starts anew at each backslash of a long run needs hours.
      const found = runInNewContext("there()", { there }, { timeout: 20_000 });
      expect(found.text === `${text} cat${text}`).toBe(true);
      expect(found.spans).toEqual([{ start: text.length, end: text.length + 4 }]);
    }
  }
}, 120_000);

describe("strengths()", () => {
  test("gives whole tenths of the latent's maximum, rounded down, from 1", () => {
    const example = window(["a", "b", "c", "d"], [0.99, 1, 5.5, 10]);
    expect(strengths(example, 10)).toEqual([
      { piece: "b", strength: 1 },
      { piece: "c", strength: 5 },
      { piece: "d", strength: 10 },
    ]);
  });
});
