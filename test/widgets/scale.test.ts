import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatShare,
  formatValue,
  scalePosition,
  scaleStep,
  scaleValue,
} from "../../widgets/src/core/scale.js";

const scales = ["linear", "log"] as const;
const max = fc.float({ min: Math.fround(0.001), max: Math.fround(1e6), noNaN: true });
const share = fc.float({ min: 0, max: 1, noNaN: true });

describe("scalePosition()", () => {
  test("maps 0, a tenth and the maximum, by hand", () => {
    expect(scales.map((scale) => scalePosition(0, 10, scale))).toEqual([0, 0]);
    expect(scalePosition(1, 10, "linear")).toBeCloseTo(0.1, 12);
    expect(scalePosition(1, 10, "log")).toBeCloseTo(Math.log10(1.9), 12);
    expect(scales.map((scale) => scalePosition(10, 10, scale))).toEqual([1, 1]);
  });

  test("is undone by scaleValue()", () => {
    fc.assert(
      fc.property(max, share, fc.constantFrom(...scales), (top, part, scale) => {
        const value = top * part;
        expect(scaleValue(scalePosition(value, top, scale), top, scale) / top).toBeCloseTo(value / top, 6);
      }),
    );
  });
});

describe("scaleStep()", () => {
  test("is 0 where the latent does not fire, and 1 to 16 where it does", () => {
    fc.assert(
      fc.property(max, share, fc.constantFrom(...scales), (top, part, scale) => {
        const value = top * part;
        const step = scaleStep(value, top, scale);
        expect(step === 0).toBe(value === 0);
        expect(step).toBeLessThanOrEqual(16);
      }),
    );
  });

  test("puts the ends of the sixteenths into the lower step", () => {
    expect([1, 2, 16, 17].map((value) => scaleStep(value, 16, "linear"))).toEqual([1, 2, 16, 16]);
    expect(scaleStep(2.01, 16, "linear")).toBe(3);
  });
});

test("formatValue() keeps three digits", () => {
  expect([0, 0.08142, 1, 12.31, 123.4, 2e7, 1e-9].map(formatValue)).toEqual([
    ...["0", "0.0814", "1.00", "12.3", "123", "2.0e+7", "1.0e-9"],
  ]);
});

test("formatShare() keeps two digits of a percentage", () => {
  expect([0.0024, 0.5, 1, 0.00001234].map(formatShare)).toEqual(["0.24 %", "50 %", "100 %", "0.0012 %"]);
});
