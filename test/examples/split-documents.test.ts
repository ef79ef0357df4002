import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Window } from "../../src/examples/example.js";
import { measureLeak } from "../../src/examples/leak.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { partShares } from "../../src/examples/sampling-plan.js";
import { setHash } from "../../src/examples/set-hash.js";
import {
  documentGroups,
  type Part,
  parts,
  splitDocuments,
  splitGroups,
} from "../../src/examples/split-documents.js";
import { toyTexts } from "../cache/toy-world.js";
import { toyCache } from "./toy-cache.js";

const originals = toyTexts(300);
/** Every third text a second time with one letter changed, far from the first. */
const copies = originals.filter((_, i) => i % 3 === 0).map((text) => text.replace("a", "x"));
const cache = await toyCache([...originals, ...copies]);
const latent = { hookpoint: "layers.0", index: 7 };
const { map, groups } = documentGroups(cache);

function leakWindows(list: readonly Window[]) {
  return list.map(({ context, start, tokens }) => {
    const [first, last] = map.of({ context, start, end: start + tokens.length });
    return { tokens, documents: [groups[first], groups[last]] };
  });
}

describe("documentGroups()", () => {
  test("joins each copy to its original", () => {
    copies.forEach((_, i) => {
      if (300 + i < groups.length - 1) expect(groups[300 + i]).toBe(3 * i);
    });
    expect([...groups.subarray(0, 300)]).toEqual(originals.map((_, i) => i));
    expect(documentGroups(cache).groups).toBe(groups);
  });

  test("takes contexts for documents where there are fewer than 50", async () => {
    const book = await toyCache([originals.join(" ")]);
    const found = documentGroups(book);
    expect(found.groups.length).toBe(book.contextCount);
    expect(found.map.of({ context: 3, start: 1, end: 33 })).toEqual([3, 3]);
    expect(sampleExamples(book, latent, { train: 10, test: 10 }).test.length).toBe(10);
  });
});

describe("DocumentMap", () => {
  test("knows the documents of any place as a search through all of them does", () => {
    const starts = [...map.starts];
    fc.assert(
      fc.property(
        fc.nat(cache.contextCount - 1),
        fc.nat(120),
        fc.integer({ min: 1, max: 8 }),
        (context, start, n) => {
          const at = (position: number) =>
            Math.max(
              0,
              starts.findLastIndex((begin) => begin <= position),
            );
          const base = context * cache.contextLength + start;
          expect(map.of({ context, start, end: start + n })).toEqual([at(base), at(base + n - 1)]);
        },
      ),
    );
  });
});

describe("splitDocuments()", () => {
  test("never splits a group: all its windows are in one part, and windows across parts are in none", () => {
    const share = fc.nat(3);
    fc.assert(
      fc.property(
        fc.nat(),
        fc.record({ train: fc.integer({ min: 1, max: 3 }), select: share, calibrate: share, test: share }),
        fc.constantFrom(4, 16, 32),
        (seed, shares, length) => {
          const partOf = splitDocuments(cache, { seed, shares });
          const partOfGroup = new Map<number, Part>();
          const broken: number[] = [];
          for (let context = 0; context < cache.contextCount; context++) {
            for (let start = 1; start + length <= cache.contextLength; start += length) {
              const place = { context, start, end: start + length };
              const part = partOf(place);
              if (part === undefined) continue;
              const [first, last] = map.of(place);
              for (let document = first; document <= last; document++) {
                const known: Part = partOfGroup.get(groups[document]) ?? part;
                if (known !== part || shares[part] === 0) broken.push(document);
                partOfGroup.set(groups[document], part);
              }
            }
          }
          expect(broken).toEqual([]);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("gives parts their shares on average", () => {
    const partOf = splitGroups({ seed: 1, shares: { train: 1, select: 2, calibrate: 0, test: 5 } });
    const counts = { train: 0, select: 0, calibrate: 0, test: 0 };
    for (let group = 0; group < 8000; group++) counts[partOf(group)]++;
    expect(counts.calibrate).toBe(0);
    expect(Math.abs(counts.train - 1000)).toBeLessThan(120);
    expect(Math.abs(counts.test - 5000)).toBeLessThan(180);
  });

  test("partShares() follows what is asked for, with half of an equal share at least", () => {
    expect(partShares({ train: 40, select: 0, calibrate: 0, test: 100 })).toMatchObject({
      train: expect.closeTo(2 / 7, 12),
      select: 0,
      test: expect.closeTo(5 / 7, 12),
    });
    const four = partShares({ train: 1, select: 60, calibrate: 1, test: 60 });
    expect(four).toEqual({ train: 0.125, select: 0.375, calibrate: 0.125, test: 0.375 });
  });
});

describe("sampleExamples() with four parts", () => {
  test("leaks nothing from any part into any other: no document, near-duplicate or near window", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(7, 9, 12, 20), (seed, index) => {
        fc.pre(cache.stats(index).count > 500);
        const found = sampleExamples(
          cache,
          { hookpoint: "layers.0", index },
          { seed, train: 20, select: 15, calibrate: 10, test: 30, minWindows: 1 },
        );
        const sets = [found.train, found.select ?? [], found.calibrate ?? [], found.test];
        expect(sets.every((set) => set.length > 0)).toBe(true);
        sets.forEach((later, i) => {
          for (const earlier of sets.slice(0, i)) {
            const leak = measureLeak(leakWindows(earlier), leakWindows(later));
            expect(leak).toMatchObject({ equal: 0, near: 0, documents: 0 });
          }
        });
        const leak = measureLeak(leakWindows(found.train), leakWindows(found.nonActivating));
        expect(leak).toMatchObject({ near: 0, documents: 0 });
      }),
      { numRuns: 20 },
    );
  });

  test("leaves parts out that were not asked for, and names each set by its hash", () => {
    const found = sampleExamples(cache, latent);
    expect(Object.keys(found)).not.toContain("select");
    expect(found.setHashes?.test).toBe(setHash(cache, [...found.test].reverse()));
    const more = sampleExamples(cache, latent, { nonActivating: 50 });
    expect(more.setHashes?.test).toBe(found.setHashes?.test);
    expect(more.setHashes?.nonActivating).not.toBe(found.setHashes?.nonActivating);
    expect(parts.every((part) => found.setHashes?.[part].length === 64)).toBe(true);
  });
});
