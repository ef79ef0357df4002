import { describe, expect, it } from "vitest";
import { splitDocuments } from "../../../src/examples/split-documents.js";
import { measurePattern } from "../../../src/llm/pattern/measure-pattern.js";
import { readPattern } from "../../../src/llm/pattern/read-pattern.js";
import { toyCache } from "../../examples/toy-cache.js";

const cache = await toyCache();
const token = (...tokens: string[]) => readPattern({ clauses: [{ target: { kind: "token", tokens } }] });

/** How often a letter stands at a position that counts. */
function occurrences(letter: string): number {
  let count = 0;
  for (let context = 0; context < cache.contextCount; context++) {
    count += cache.pieces(context).filter((piece, i) => i > 0 && piece === letter).length;
  }
  return count;
}

describe("measurePattern()", () => {
  // Toy latent 1 fires on every "e" and nowhere else.
  it("finds nothing wrong with the latent's own rule", async () => {
    const fit = await measurePattern(cache, { pattern: token("e"), index: 1 });
    expect(fit).toMatchObject({ precision: 1, recall: 1, f1: 1, activationRecall: 1 });
    expect(fit.positions.truePositives).toBe(cache.stats(1).count);
    const { truePositives, trueNegatives } = fit.positions;
    expect(truePositives + trueNegatives).toBe(cache.positionCount);
    expect(fit.tiles).toMatchObject({ falsePositives: 0, falseNegatives: 0 });
  });

  it("counts what a broader rule claims too", async () => {
    const { positions, precision, recall } = await measurePattern(cache, {
      pattern: token("e", "a"),
      index: 1,
    });
    expect(positions.falsePositives).toBe(occurrences("a"));
    expect(precision).toBeCloseTo(occurrences("e") / (occurrences("e") + occurrences("a")), 12);
    expect(recall).toBe(1);
  });

  it("counts what a narrower rule misses, and its share of the activation", async () => {
    const pattern = readPattern({ clauses: [{ target: { kind: "regex", source: "e" }, at: { from: 64 } }] });
    const { positions, recall, activationRecall } = await measurePattern(cache, { pattern, index: 1 });
    const rows = cache.read(1);
    const late = [...rows.positions.keys()].filter((row) => rows.positions[row] % cache.contextLength >= 64);
    expect(positions).toMatchObject({ truePositives: late.length, falsePositives: 0 });
    expect(recall).toBeCloseTo(late.length / rows.positions.length, 12);
    const sum = (values: Iterable<number>) => [...values].reduce((total, a) => total + a, 0);
    const lateSum = sum(late.map((row) => rows.activations[row]));
    expect(activationRecall).toBeCloseTo(lateSum / sum(rows.activations), 9);
  });

  it("counts in some documents only", async () => {
    const shares = { train: 1, select: 0, calibrate: 0, test: 1 };
    const partOf = splitDocuments(cache, { seed: 1, shares });
    const count = async (part?: string) => {
      const allowed =
        part === undefined ? undefined : (place: Parameters<typeof partOf>[0]) => partOf(place) === part;
      return (await measurePattern(cache, { pattern: token("e"), index: 1 }, { allowed })).positions
        .truePositives;
    };
    const [train, test, all] = [await count("train"), await count("test"), await count()];
    expect(Math.min(train, test)).toBeGreaterThan(0);
    expect(train + test).toBeLessThanOrEqual(all);
  });

  it("says nothing of a latent that never fires", async () => {
    const fit = await measurePattern(cache, { pattern: token("e"), index: 0 });
    expect(fit).toMatchObject({ precision: 0, recall: Number.NaN, activationRecall: Number.NaN });
  });

  it("can be stopped", async () => {
    const signal = AbortSignal.abort();
    await expect(measurePattern(cache, { pattern: token("e"), index: 1 }, { signal })).rejects.toThrow(
      /abort/i,
    );
  });
});
