import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rowBatches } from "../../../src/llm/local/row-batches.js";

const lengths = fc.array(fc.nat(500), { maxLength: 60 });

describe("rowBatches()", () => {
  it("reads every text with tokens once, shortest first", () => {
    fc.assert(
      fc.property(lengths, fc.nat(300), (sizes, repeated) => {
        const order = rowBatches(sizes, { repeated }).flat();
        expect(order.map((i) => sizes[i])).toEqual(sizes.filter((n) => n > 0).sort((a, b) => a - b));
        expect(new Set(order).size).toBe(order.length);
      }),
    );
  });

  it("keeps runs small, but for single texts that are larger", () => {
    fc.assert(
      fc.property(lengths, fc.nat(300), fc.nat(2000), (sizes, repeated, past) => {
        const bytesPerPosition = 100_000;
        for (const batch of rowBatches(sizes, { repeated, past, bytesPerPosition })) {
          const width = repeated + Math.max(...batch.map((i) => sizes[i]));
          expect(batch.length === 1 || batch.length * width <= 400).toBe(true);
          expect(batch.length === 1 || batch.length * (past + width) * bytesPerPosition <= 256e6).toBe(true);
        }
      }),
    );
  });

  it("reads one text at a time where the graph takes no more", () => {
    expect(rowBatches([3, 1, 0, 2], { rowsPerRun: 1 })).toEqual([[1], [3], [0]]);
  });
});
