/**
 * 16-bit floating point, both kinds, in plain arithmetic: Node 20 has no `Float16Array`.
 * float16 (IEEE 754 binary16): 1 sign, 5 exponent, 10 fraction bits; |x| up to 65,504.
 * bfloat16: the upper half of a float32.
 */
const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);
let table: Float32Array | undefined;

/** float16 bits to float32, exactly. */
export function halfToFloat(bits: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, i) => oneHalfToFloat(i));
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]];
  return out;
}

/** bfloat16 bits to float32, exactly. */
export function bfloatToFloat(bits: Uint16Array): Float32Array {
  const out = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = bits[i] << 16;
  return new Float32Array(out.buffer);
}

/** float32 to float16 bits, rounded to nearest, ties to even; beyond 65,504 becomes infinity. */
export function floatToHalf(numbers: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(numbers.length);
  for (let i = 0; i < out.length; i++) out[i] = oneFloatToHalf(numbers[i]);
  return out;
}

/** float32 to bfloat16 bits, rounded to nearest, ties to even. */
export function floatToBfloat(numbers: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(numbers.length);
  for (let i = 0; i < out.length; i++) {
    float[0] = numbers[i];
    const w = word[0];
    // A NaN must keep a fraction bit: rounding could turn it into infinity.
    out[i] = Number.isNaN(float[0]) ? (w >>> 16) | 0x40 : (w + 0x7fff + ((w >>> 16) & 1)) >>> 16;
  }
  return out;
}

function oneHalfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function oneFloatToHalf(number: number): number {
  float[0] = number;
  const w = word[0];
  const sign = (w >>> 16) & 0x8000;
  const exponent = ((w >>> 23) & 255) - 127;
  const fraction = w & 0x7fffff;
  if (exponent === 128) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent > 15) return sign | 0x7c00;
  if (exponent >= -14) return sign | roundEven(((exponent + 15) << 23) | fraction, 13);
  // Subnormal: the fraction with its hidden one, shifted right until the exponent is -14.
  if (exponent < -25) return sign;
  return sign | roundEven(fraction | 0x800000, -exponent - 1);
}

/** `bits / 2^shift`, rounded to nearest, ties to even. */
function roundEven(bits: number, shift: number): number {
  const half = 2 ** (shift - 1);
  const whole = Math.floor(bits / 2 ** shift);
  const rest = bits - whole * 2 ** shift;
  return whole + (rest > half || (rest === half && whole & 1) ? 1 : 0);
}
