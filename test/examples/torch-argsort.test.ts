/** Against PyTorch: `torch-argsort.py` made the orders and says how. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { torchRandint } from "../../src/examples/mersenne-twister.js";
import { torchArgsort } from "../../src/examples/torch-argsort.js";

type Row = [length: number, n: number, sha256: string];
const reference: { random: Row[]; worst: Row[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "torch-argsort.json"), "utf8"),
);

function hashOf(lists: readonly ArrayLike<number>[]): string {
  const hash = createHash("sha256");
  for (const values of lists) hash.update(torchArgsort(values));
  return hash.digest("hex");
}

/** A median of three is always the second smallest here. */
function worst(length: number, tie: number): number[] {
  const half = length / 2;
  const numbers = Array.from({ length: half }, (_, i) => (i % 2 ? half + i : i + 1));
  for (let i = 1; i <= half; i++) numbers.push(2 * i);
  return numbers.map((number) => -Math.floor(number / tie));
}

describe("torchArgsort()", () => {
  test("puts 2,040 lists with ties in PyTorch's order", () => {
    for (const [length, distinct, sha256] of reference.random) {
      const lists = Array.from({ length: 30 }, (_, seed) => torchRandint(distinct, { count: length, seed }));
      expect([length, distinct, hashOf(lists)]).toEqual([length, distinct, sha256]);
    }
  });

  test("also where quicksort goes too deep", () => {
    for (const [length, tie, sha256] of reference.worst) {
      expect([length, tie, hashOf([worst(length, tie)])]).toEqual([length, tie, sha256]);
    }
  });

  test("sorts any list, and short ones stably", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 200 }), (values) => {
        const order = [...torchArgsort(values)];
        expect([...order].sort((a, b) => a - b)).toEqual([...values.keys()]);
        expect(order.map((i) => values[i])).toEqual([...values].sort((a, b) => b - a));
        const stable = [...values.keys()].sort((a, b) => values[b] - values[a]);
        if (values.length <= 16) expect(order).toEqual(stable);
      }),
    );
  });
});
