import { floatToHalf, halfToFloat } from "../formats/half.js";

/**
 * How activations are stored: `f32` as the coder computed them, or `f16` in half the bytes with 11 bits of
 * accuracy, between 2^-24 and 65,504.
 */
export type Precision = "f32" | "f16";

/** Names of files of activations. */
export const activationFiles = { f32: "activations.f32", f16: "activations.f16" } as const;

const smallestNormal = 0x3880_0000;
/** From 65,520 on a number rounds beyond 65,504. */
const firstTooLarge = 0x477f_f000;
const largestHalf = 0x7bff;

/**
 * Positive finite numbers as float16 bits, rounded to nearest, ties to even. What would become 0 or infinity
 * becomes the nearest number that is neither, and is counted: a latent that fires keeps firing.
 */
export function encodeHalves(activations: Float32Array): { bits: Uint16Array; clamped: number } {
  const words = new Uint32Array(activations.buffer, activations.byteOffset, activations.length);
  const bits = new Uint16Array(words.length);
  let clamped = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    if (word >= smallestNormal && word < firstTooLarge) {
      bits[i] = (word - 0x3800_0000 + 0xfff + ((word >>> 13) & 1)) >>> 13;
      continue;
    }
    const half = word < firstTooLarge ? (floatToHalf([activations[i] as number])[0] as number) : largestHalf;
    if (half === 0 || word >= firstTooLarge) clamped++;
    bits[i] = half || 1;
  }
  return { bits, clamped };
}

/** float16 bits as numbers. */
export function decodeHalves(bits: Uint16Array): Float32Array {
  return halfToFloat(bits);
}
