import { describe, expect, test } from "vitest";
import { coActiveLatents } from "../../src/examples/co-active-latents.js";
import { coOccurrence } from "../../src/examples/co-occurrence.js";
import { toyCache } from "./toy-cache.js";

const cache = await toyCache();
const all = Array.from({ length: cache.dSae }, (_, index) => index);

describe("coActiveLatents()", () => {
  test("gives what coOccurrence gives, of a cache that is held as a whole", () => {
    const expected = coOccurrence(cache, all, { count: 7 });
    for (const index of all) expect(coActiveLatents(cache, index, { count: 7 })).toEqual(expected.get(index));
  });

  test("comes near it where only some contexts are looked at, and is the same each time", () => {
    const most = Math.floor(cache.manifest.rows / 4);
    const shares = all.flatMap((index) => {
      const [exact] = coOccurrence(cache, [index], { count: 30 }).get(index) ?? [];
      const found = coActiveLatents(cache, index, { count: 30, most });
      expect(coActiveLatents(cache, index, { count: 30, most })).toEqual(found);
      const same = found.find((neighbour) => neighbour.index === exact?.index);
      return exact ? [[exact.similarity, same?.similarity ?? 0] as const] : [];
    });
    expect(shares.length).toBeGreaterThan(25);
    for (const [exact, near] of shares) expect(Math.abs(near - exact)).toBeLessThan(0.05);
  });
});
