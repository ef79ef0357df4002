import type { ClassName } from "./word-classes.js";

/**
 * What the embedded model can say about a latent: places in text, each found by its own letters and by what
 * stands before it. A place matches where any of the clauses does. `write` makes a sentence of it, `read` takes
 * the sentence back, `run` finds the places.
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
  /** Somewhere in the same text stands one of these. */
  readonly nearby?: readonly string[] | undefined;
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
  /** Words or signs of a class. */
  | { readonly kind: "class"; readonly name: ClassName };

export type Place = "anywhere" | "start" | "middle" | "end";

export type Before =
  /** Directly before stands one of these words, signs, or sequences of words joined by a space. */
  | { readonly kind: "after"; readonly words: readonly string[] }
  | { readonly kind: "after-class"; readonly name: ClassName }
  /** One of these words is among the `soon` words and signs before. */
  | { readonly kind: "soon-after"; readonly words: readonly string[] }
  | { readonly kind: "at-start"; readonly of: "sentence" | "line" };

/** How far back “soon after” reaches, in words and signs. */
export const soon = 5;

/** A place in a text: UTF-16 offsets, the end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}
