import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nearDuplicateGroups } from "../../src/examples/near-duplicates.js";
import { NearIndex } from "../../src/examples/near-index.js";
import { jaccard, shingles } from "../../src/examples/shingles.js";
import { seededRandom } from "../../src/random.js";

const text = (seed: number, length: number) => {
  const random = seededRandom(seed);
  return Array.from({ length }, () => random.integer(500));
};

describe("shingles() and jaccard()", () => {
  test("are sets of runs of tokens, and the share that two have in common", () => {
    expect(shingles([1, 2, 3, 1, 2, 3], 3).length).toBe(3);
    expect(shingles([1, 2], 3).length).toBe(1);
    expect(shingles([], 3).length).toBe(0);
    // Runs 12 23 34 against 12 23 35.
    expect(jaccard(shingles([1, 2, 3, 4], 2), shingles([1, 2, 3, 5], 2))).toBe(2 / 4);
    expect(jaccard(shingles([], 2), shingles([], 2))).toBe(0);
  });

  test("jaccard() is that of sets", () => {
    const tokens = fc.array(fc.nat(3), { maxLength: 30 });
    fc.assert(
      fc.property(tokens, tokens, (a, b) => {
        const [left, right] = [new Set(shingles(a, 2)), new Set(shingles(b, 2))];
        const both = [...left].filter((hash) => right.has(hash)).length;
        const either = new Set([...left, ...right]).size;
        expect(jaccard(shingles(a, 2), shingles(b, 2))).toBe(either === 0 ? 0 : both / either);
      }),
    );
  });
});

describe("nearDuplicateGroups()", () => {
  test("finds every planted copy, exact or with a few words changed, and nothing else", () => {
    const change = fc.record({ source: fc.nat(19), at: fc.nat(), edits: fc.nat(1) });
    fc.assert(
      fc.property(fc.nat(), fc.array(change, { maxLength: 20 }), (seed, changes) => {
        const texts = Array.from({ length: 20 }, (_, i) => text(seed + 1000 * i, 120 + i));
        const sources = texts.map((_, i) => i);
        for (const { source, at, edits } of changes) {
          const copy = [...texts[source]];
          for (let i = 0; i < edits; i++) copy[(at + 31 * i) % copy.length] = 900;
          texts.push(copy);
          sources.push(source);
        }
        const groups = nearDuplicateGroups(texts.length, (i) => texts[i]);
        expect([...groups]).toEqual(sources);
      }),
      { numRuns: 50 },
    );
  });

  test("joins chains and stands for a group by its first text", () => {
    const base = text(1, 400);
    const shifted = (by: number) => [...base.slice(by), ...text(2, by)];
    const texts = [text(3, 400), shifted(80), base, shifted(40)];
    expect(jaccard(shingles(texts[1], 5), shingles(texts[2], 5))).toBeLessThan(0.8);
    expect([...nearDuplicateGroups(4, (i) => texts[i])]).toEqual([0, 1, 1, 1]);
    expect([...nearDuplicateGroups(4, (i) => texts[i], { threshold: 0.99 })]).toEqual([0, 1, 2, 3]);
    expect([...nearDuplicateGroups(0, () => [])]).toEqual([]);
    expect([...nearDuplicateGroups(3, () => [])]).toEqual([0, 1, 2]);
  });
});

describe("NearIndex", () => {
  test("agrees with a comparison of every pair", () => {
    const tokens = fc.array(fc.nat(2), { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 6 }), tokens, (added, asked) => {
        const index = new NearIndex({ threshold: 0.5, shingle: 2 });
        for (const window of added) index.add(window);
        const near = added.some((window) => jaccard(shingles(window, 2), shingles(asked, 2)) >= 0.5);
        expect(index.has(asked)).toBe(near);
      }),
    );
  });

  test("holds windows of 32 tokens near where two differ or they are shifted by seven, by default", () => {
    const long = text(5, 80);
    const index = new NearIndex();
    index.add(long.slice(0, 32));
    expect(index.has(long.slice(7, 39))).toBe(true);
    expect(index.has(long.slice(10, 42))).toBe(false);
    const changed = long.slice(0, 32);
    changed[10] = changed[20] = 900;
    expect(index.has(changed)).toBe(true);
    changed[26] = 900;
    expect(index.has(changed)).toBe(false);
  });
});
