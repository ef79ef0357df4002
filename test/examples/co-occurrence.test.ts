import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { coOccurrence } from "../../src/examples/co-occurrence.js";
import { readDelphiNeighbours } from "../../src/examples/read-delphi-neighbours.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";
import { openTheirCache } from "./delphi-cache.js";

const root = mkdtempSync(join(tmpdir(), "saelab-co-occurrence-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function source(rows: readonly (readonly number[])[], tokenCount: number) {
  return {
    dSae: rows.length,
    tokenCount,
    read: (index: number) => ({ positions: Uint32Array.from(rows[index]) }),
  };
}

describe("coOccurrence()", () => {
  test("gives the share of common positions, best first, never the latent itself", () => {
    const cache = source([[0, 1, 2], [1, 2, 3], [2], [], [9]], 10);
    const found = coOccurrence(cache, [0, 3, 0]);
    expect(found.get(0)).toEqual([
      { index: 1, similarity: 2 / 4 },
      { index: 2, similarity: 1 / 3 },
    ]);
    expect(found.get(3)).toEqual([]);
    expect(found.size).toBe(2);
    expect(coOccurrence(cache, [0], { count: 1 }).get(0)).toHaveLength(1);
    expect(coOccurrence(cache, []).size).toBe(0);
  });

  test("agrees with a comparison of all pairs", () => {
    const positions = fc.uniqueArray(fc.nat(30), { maxLength: 15 }).map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(fc.array(positions, { minLength: 1, maxLength: 8 }), (rows) => {
        const found = coOccurrence(
          source(rows, 31),
          rows.map((_, i) => i),
          { count: 99 },
        );
        rows.forEach((own, index) => {
          const expected = rows.flatMap((its, other) => {
            const both = own.filter((position) => its.includes(position)).length;
            const similarity = both / (own.length + its.length - both);
            return other !== index && both > 0 ? [{ index: other, similarity }] : [];
          });
          expected.sort((a, b) => b.similarity - a.similarity || a.index - b.index);
          expect(found.get(index)).toEqual(expected);
        });
      }),
    );
  });

  test.skipIf(!hasRealData)(
    `gives delphi's five neighbours of all 1,024 latents, to the last bit ${needsRealData}`,
    async () => {
      const all = Array.from({ length: 1024 }, (_, index) => index);
      const found = coOccurrence(await openTheirCache(root), all);
      const single = all.map((latent) =>
        found.get(latent)?.map(({ index, similarity }) => ({ index, similarity: Math.fround(similarity) })),
      );
      const theirs = await readDelphiNeighbours(
        realData("delphi", "neighbours", "layers.2-co-occurrence.json"),
      );
      expect(single).toEqual(all.map((latent) => theirs.get(latent)));
    },
  );
});
