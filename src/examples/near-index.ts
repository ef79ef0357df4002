import { shingles } from "./shingles.js";

export interface NearIndexOptions {
  /** Least Jaccard similarity of shingle sets. Default: 0.6, windows of 32 tokens of which two differ or that are shifted by seven. */
  threshold?: number | undefined;
  /** Tokens in a shingle. Default: 3. */
  shingle?: number | undefined;
}

/** Windows that others are compared with: is one of them equal or nearly so? */
export class NearIndex {
  readonly #threshold: number;
  readonly #shingle: number;
  readonly #windowsWith = new Map<number, number[]>();
  readonly #sizes: number[] = [];

  constructor({ threshold = 0.6, shingle = 3 }: NearIndexOptions = {}) {
    this.#threshold = threshold;
    this.#shingle = shingle;
  }

  add(tokens: ArrayLike<number>): void {
    const own = shingles(tokens, this.#shingle);
    for (const hash of own) {
      const windows = this.#windowsWith.get(hash);
      if (windows) windows.push(this.#sizes.length);
      else this.#windowsWith.set(hash, [this.#sizes.length]);
    }
    this.#sizes.push(own.length);
  }

  /** Whether a window is at or above the threshold with one that was added. */
  has(tokens: ArrayLike<number>): boolean {
    const own = shingles(tokens, this.#shingle);
    const shared = new Map<number, number>();
    for (const hash of own) {
      for (const window of this.#windowsWith.get(hash) ?? []) {
        const both = (shared.get(window) ?? 0) + 1;
        if (both >= this.#threshold * (own.length + this.#sizes[window] - both)) return true;
        shared.set(window, both);
      }
    }
    return false;
  }
}
