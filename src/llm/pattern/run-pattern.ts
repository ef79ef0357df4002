import { segmentTokens } from "./document.js";
import type { Pattern } from "./pattern.js";
import { matcher } from "./run.js";

/** Tokens of a context, as far as a pattern needs them. A `Window` is one. */
export interface TokenStretch {
  /** Text of each token; joined, they are the text. */
  readonly pieces: readonly string[];
  /** Position of the first one in its context. Default: 0. */
  readonly start?: number | undefined;
}

/** Which tokens of a window a pattern claims: those that share a character with one of its places. */
export function runPattern(pattern: Pattern, window: TokenStretch): boolean[] {
  return patternRunner(pattern)(window);
}

/** The same, made ready for many windows. */
export function patternRunner(pattern: Pattern): (window: TokenStretch) => boolean[] {
  const match = matcher(pattern);
  return ({ pieces, start = 0 }) => {
    const document = segmentTokens(pieces, start);
    const claimed = new Uint8Array(document.text.length);
    for (const span of match(document)) claimed.fill(1, span.start, span.end);
    // A token without text is a part of the character that begins where it stands.
    return pieces.map((piece, i) => {
      const from = document.tokens.starts[i];
      return claimed.subarray(from, from + Math.max(1, piece.length)).includes(1);
    });
  };
}
