import type { ClassName } from "./word-classes.js";

/**
 * A rule about a latent that can be run: places in text, each found by its own letters and by what stands around
 * it. A place matches where any of the clauses does. It has two notations: the sentence (`write` makes it, `read` takes it
 * back), in which the embedded model speaks, and JSON of this very type (`readPattern`), in which executable explanations
 * are written. `run` finds the places of a text, `runPattern` the tokens of a window.
 *
 * Strings without capitals match capitals too; strings with capitals match as they are.
 */
export interface Pattern {
  readonly clauses: readonly Clause[];
}

export interface Clause {
  readonly target: Target;
  /** What stands before the word that holds the target. */
  readonly before?: Before | undefined;
  /** What stands behind the target. */
  readonly after?: After | undefined;
  /** Where the target's first token stands. */
  readonly at?: Positions | undefined;
  /** Somewhere in the same text stands one of these. */
  readonly nearby?: readonly string[] | undefined;
  /** Only places that share a character with a place of one of these. */
  readonly also?: readonly Clause[] | undefined;
  /** No places that share a character with a place of one of these. */
  readonly except?: readonly Clause[] | undefined;
}

export type Target =
  /** Whole words. */
  | { readonly kind: "word"; readonly words: readonly string[] }
  /** Whole words with such a beginning. */
  | { readonly kind: "prefix"; readonly parts: readonly string[] }
  /** Whole words with such an end. */
  | { readonly kind: "suffix"; readonly parts: readonly string[] }
  /** A stretch of characters, anywhere or at one place in a word. */
  | { readonly kind: "part"; readonly parts: readonly string[]; readonly place: Place }
  /** A stretch inside certain words. */
  | { readonly kind: "in-word"; readonly part: string; readonly words: readonly string[] }
  /** The end of such a beginning of a word: “y” in words that begin with “why”. */
  | { readonly kind: "in-prefix"; readonly part: string; readonly starts: readonly string[] }
  /** Tokens of the model, spaces and capitals as they are; in a text without known tokens, such a stretch of characters. */
  | { readonly kind: "token"; readonly tokens: readonly string[] }
  /** A regular expression in the syntax of RE2, which runs in linear time: no look-around, no back-references. */
  | { readonly kind: "regex"; readonly source: string }
  /** Words or signs of a class. */
  | { readonly kind: "class"; readonly name: ClassName };

export type Place = "anywhere" | "start" | "middle" | "end";

export type Before =
  /** Directly before stands one of these words, signs, or sequences of words joined by a space. */
  | { readonly kind: "after"; readonly words: readonly string[] }
  | { readonly kind: "after-class"; readonly name: ClassName }
  /** One of these words is among the `within` words and signs before. Default: `soon`. */
  | { readonly kind: "soon-after"; readonly words: readonly string[]; readonly within?: number | undefined }
  | { readonly kind: "at-start"; readonly of: "sentence" | "line" };

export type After =
  /** Directly behind stands one of these words, signs, or sequences of words joined by a space. */
  | { readonly kind: "before"; readonly words: readonly string[] }
  /** One of these words is among the `within` words and signs behind. Default: `soon`. */
  | { readonly kind: "soon-before"; readonly words: readonly string[]; readonly within?: number | undefined };

/**
 * Positions in the context, counted in tokens from 0, BOS included, both ends included; in a text without known tokens,
 * counted in words and signs.
 */
export interface Positions {
  readonly from: number;
  /** Default: to the end. */
  readonly to?: number | undefined;
}

/** How far “soon after” and “soon before” reach, in words and signs. */
export const soon = 5;

/** A place in a text: UTF-16 offsets, the end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}
