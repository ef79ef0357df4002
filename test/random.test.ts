import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../src/random.js";

const draws = (seed: string | number, n: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: n }, () => random.random());
};

describe("seededRandom()", () => {
  it("gives the same numbers for the same seed, and others for another", () => {
    expect(draws(22, 5)).toEqual(draws(22, 5));
    expect(draws(22, 5)).toEqual(draws("22", 5));
    expect(draws(22, 5)).not.toEqual(draws(23, 5));
  });

  it("gives uniform numbers: mean, variance and neighbours are what they should be", () => {
    const n = 100_000;
    const numbers = draws("uniform", n);
    const mean = numbers.reduce((a, b) => a + b) / n;
    const variance = numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    const lag = numbers.slice(1).reduce((a, b, i) => a + (b - mean) * ((numbers[i] ?? 0) - mean), 0) / n;
    // Standard errors are 0.0009, 0.00024 and 0.00026; five of them never happen by chance.
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(0.0046);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.0012);
    expect(Math.abs(lag)).toBeLessThan(0.0013);
  });

  it("fills every decile of neighbouring seeds evenly", () => {
    const firsts = Array.from({ length: 20_000 }, (_, seed) => seededRandom(seed).random());
    const deciles = new Array<number>(10).fill(0);
    for (const x of firsts) deciles[Math.floor(x * 10)] = (deciles[Math.floor(x * 10)] ?? 0) + 1;
    // 2000 ± 42 each.
    for (const count of deciles) expect(Math.abs(count - 2000)).toBeLessThan(220);
  });

  it("forks streams that do not depend on draws made before", () => {
    const a = seededRandom(1);
    const before = a.fork("x").random();
    a.random();
    expect(a.fork("x").random()).toBe(before);
    expect(a.fork("y").random()).not.toBe(before);
  });

  it("shuffles and samples without losing or repeating elements", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(20), fc.integer(), (list, n, seed) => {
        const random = seededRandom(seed);
        expect(random.shuffle(list).sort()).toEqual([...list].sort());
        expect(random.sample(list, n)).toHaveLength(Math.min(n, list.length));
      }),
    );
  });

  it("refuses to pick from nothing", () => {
    expect(() => seededRandom(1).pick([])).toThrow(RangeError);
  });
});
