import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenStarts } from "../../src/llm/token-starts.js";

describe("tokenStarts()", () => {
  it.each([
    [["<s>", "the", " cat"], "the cat", [0, 0, 3]],
    [["the", " cat"], "the cat", [0, 3]],
    [["a", "\ufffd", "\ufffd", "b"], "a😀b", [0, 1, 3, 3]],
    [["a", "bytes:\\xf0", "bytes:\\x9f", "\n", "b"], "a😀\nb", [0, 1, 3, 3, 4]],
    [["a", "\ufffd", "\ufffd"], "aé", [0, 1, 2]],
    [[], "", []],
  ])("%j in %j", (tokens, text, starts) => {
    expect(tokenStarts(tokens, text)).toEqual(starts);
  });

  it.each([
    [["the", " dog"], "the cat"],
    [["the"], "the cat"],
    [["the", " cat", " sat"], "the cat"],
  ])("gives nothing where %j do not spell %j", (tokens, text) => {
    expect(tokenStarts(tokens, text)).toBeUndefined();
  });

  it("puts the slices of any text together again", () => {
    const piece = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("é", "日", "😀"));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join("");
        // Characters beyond ASCII come as two tokens that spell nothing.
        const tokens = pieces.flatMap((spelled) =>
          /^[ -~]+$/.test(spelled) ? [spelled] : ["\ufffd", "\ufffd"],
        );
        const starts = tokenStarts(["<bos>", ...tokens], text);
        expect(starts).toHaveLength(tokens.length + 1);
        expect(starts?.map((start, i) => text.slice(start, starts[i + 1] ?? text.length)).join("")).toBe(
          text,
        );
      }),
      { seed: 1 },
    );
  });
});
