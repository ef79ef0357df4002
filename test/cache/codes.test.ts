import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeHalves, encodeHalves } from "../../src/cache/activation-code.js";
import { decodePositions, encodePositions } from "../../src/cache/position-code.js";
import { floatToHalf } from "../../src/formats/half.js";

const limit = 2 ** 32;

function encoded(positions: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(5 * positions.length);
  return bytes.subarray(0, encodePositions(positions, { from: 0, to: positions.length }, { bytes, at: 0 }));
}

const somePositions = fc
  .array(fc.oneof(fc.nat(300), fc.nat(limit - 1), fc.constantFrom(127, 128, 2 ** 31 - 1, 2 ** 31, limit - 1)))
  .map((list) => Uint32Array.from(new Set(list)).sort());

describe("encodePositions() and decodePositions()", () => {
  test("give back what was written, whatever the gaps", () => {
    fc.assert(
      fc.property(somePositions, (positions) => {
        expect(decodePositions(encoded(positions), positions.length, limit)).toEqual(positions);
      }),
    );
  });

  test("write gaps below 128 in one byte", () => {
    expect([...encoded(Uint32Array.of(0, 1, 129, 258))]).toEqual([0, 0, 127, 128, 1]);
    expect([...encoded(Uint32Array.of(limit - 1))]).toEqual([255, 255, 255, 255, 15]);
  });

  test("find any bytes invalid that are no ascending positions below the limit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(20), fc.nat(10_000), (bytes, count, end) => {
        const positions = decodePositions(bytes, count, end);
        if (positions === undefined) return;
        expect(positions.length).toBe(count);
        positions.forEach((position, i) => {
          expect(position).toBeLessThan(end);
          if (i > 0) expect(position).toBeGreaterThan(positions[i - 1] as number);
        });
      }),
      { numRuns: 2000 },
    );
    const bytes = encoded(Uint32Array.of(5, 9, 300));
    expect(decodePositions(bytes, 2, limit)).toBeUndefined();
    expect(decodePositions(bytes, 4, limit)).toBeUndefined();
    expect(decodePositions(bytes, 3, 300)).toBeUndefined();
    expect(decodePositions(bytes.subarray(0, -1), 3, limit)).toBeUndefined();
    expect(decodePositions(new Uint8Array(9).fill(255), 1, limit)).toBeUndefined();
  });
});

describe("encodeHalves()", () => {
  test("rounds as floatToHalf() does, and keeps what fires finite and above 0", () => {
    const numbers = fc.float({ min: Math.fround(1e-12), max: Math.fround(1e6), noNaN: true });
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 50 }), (list) => {
        const activations = Float32Array.from(list);
        const { bits, clamped } = encodeHalves(activations);
        const wanted = [...floatToHalf(activations)];
        expect([...bits]).toEqual(wanted.map((half) => (half === 0 ? 1 : half >= 0x7c00 ? 0x7bff : half)));
        expect(clamped).toBe(wanted.filter((half) => half === 0 || half >= 0x7c00).length);
      }),
      { numRuns: 1000 },
    );
  });

  test("counts what it clamps, and only that", () => {
    const edges = Float32Array.of(65_504, 65_519, 65_520, 1e30, 2 ** -24, 2 ** -25, 1e-30, 1);
    const { bits, clamped } = encodeHalves(edges);
    expect([...decodeHalves(bits)]).toEqual([
      65_504,
      65_504,
      65_504,
      65_504,
      2 ** -24,
      2 ** -24,
      2 ** -24,
      1,
    ]);
    expect(clamped).toBe(4);
  });
});
