import type { LatentCache } from "../cache/latent-cache.js";
import type { Place } from "./read-window.js";
import type { FiringWindow } from "./windows.js";

/**
 * Indices of windows, strongest peak first, earlier ones first among equals.
 *
 * Peaks are positive floats, whose bits sort as they do: with the index below them they make one 64-bit number
 * per window, and the engine sorts those ten times as fast as objects with a comparison.
 */
export function strongestFirstOrder(windows: readonly FiringWindow[]): Uint32Array {
  const count = windows.length;
  const keys = new BigUint64Array(count);
  const words = new Uint32Array(keys.buffer);
  const peaks = new Float32Array(1);
  const bits = new Uint32Array(peaks.buffer);
  for (let i = 0; i < count; i++) {
    peaks[0] = (windows[i] as FiringWindow).peak;
    words[2 * i] = ~i;
    words[2 * i + 1] = bits[0] as number;
  }
  keys.sort();
  return Uint32Array.from({ length: count }, (_, rank) => ~(words[2 * (count - 1 - rank)] as number));
}

/**
 * A number for the tokens of each place: equal tokens, equal numbers. Different tokens share one with a chance
 * of 2^-53 per pair. Fast where places are in order of context.
 */
export function tokenKeys(cache: LatentCache, places: readonly Place[]): number[] {
  let context = -1;
  let tokens: Int32Array = new Int32Array(0);
  return places.map((place) => {
    if (place.context !== context) {
      context = place.context;
      tokens = cache.tokens(context);
    }
    return tokenKey(tokens, place.start, place.end);
  });
}

/** Two multiplicative hashes of 32 bits (constants of murmur3 and xxHash), joined to 53 bits. */
function tokenKey(tokens: Int32Array, start: number, end: number): number {
  let a = end - start;
  let b = 0x9e3779b1;
  for (let i = start; i < end; i++) {
    a = Math.imul(a ^ (tokens[i] as number), 0xcc9e2d51);
    a ^= a >>> 15;
    b = Math.imul(b + (tokens[i] as number), 0x85ebca77);
    b ^= b >>> 13;
  }
  return (a >>> 0) * 2 ** 21 + ((b >>> 0) % 2 ** 21);
}
