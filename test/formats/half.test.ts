import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from "../../src/formats/half.js";

const everyPattern = Uint16Array.from({ length: 65536 }, (_, i) => i);
const isNan16 = (bits: number) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;

describe("float16", () => {
  it("halfToFloat() gives the values of IEEE 754", () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x7c00, 0x8000);
    expect([...halfToFloat(bits)]).toEqual([
      1,
      -2,
      65504,
      2 ** -24,
      2 ** -14,
      0.333251953125,
      Number.POSITIVE_INFINITY,
      -0,
    ]);
  });

  it("floatToHalf() gives back every pattern that is a number", () => {
    const again = floatToHalf(halfToFloat(everyPattern));
    const changed = everyPattern.filter((bits, i) => !isNan16(bits) && again[i] !== bits);
    expect([...changed]).toEqual([]);
    expect(Number.isNaN(halfToFloat(floatToHalf([Number.NaN]))[0])).toBe(true);
  });

  it("floatToHalf() rounds to the nearest, ties to even", () => {
    // Between 1 (fraction 0) and 1 + 2^-10 (fraction 1) the tie goes to 1, the next one to fraction 2.
    const halves = floatToHalf([1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20, 2 ** -25, 65520]);
    expect([...halves]).toEqual([0x3c00, 0x3c02, 0x3c01, 0, 0x7c00]);
  });

  it("floatToHalf() picks a nearest half for any float", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -65504, max: 65504 }), (x) => {
        const [bits] = floatToHalf([x]);
        const neighbours = halfToFloat(Uint16Array.of(bits, bits - 1, bits + 1)).map((y) => Math.abs(y - x));
        const others = [...neighbours].slice(1).filter(Number.isFinite);
        expect(others.every((d) => d >= neighbours[0])).toBe(true);
      }),
    );
  });
});

describe("bfloat16", () => {
  it("floatToBfloat() gives back every pattern that is a number", () => {
    const again = floatToBfloat(bfloatToFloat(everyPattern));
    const changed = everyPattern.filter((bits, i) => (bits & 0x7f80) !== 0x7f80 && again[i] !== bits);
    expect([...changed]).toEqual([]);
  });

  it("floatToBfloat() keeps NaN and infinity", () => {
    const [nan, infinity] = bfloatToFloat(floatToBfloat([Number.NaN, Number.NEGATIVE_INFINITY]));
    expect(nan).toBeNaN();
    expect(infinity).toBe(Number.NEGATIVE_INFINITY);
  });
});
