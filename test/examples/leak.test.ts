import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Leak, measureLeak } from "../../src/examples/leak.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

describe("measureLeak()", () => {
  const window = (from: number, documents?: number[]) => {
    return { tokens: Array.from({ length: 32 }, (_, i) => from + i), documents };
  };

  test("tells equal windows, near ones and shared documents apart", () => {
    const train = [window(0, [1]), window(100, [2])];
    const tested = [window(0, [1]), window(104, [2, 3]), window(200, [4]), window(300, [5])];
    expect(measureLeak(train, tested)).toEqual({
      train: 2,
      test: 4,
      equal: 0.25,
      near: 0.5,
      documents: 2 / 5,
    });
    expect(measureLeak([], [window(0)])).toEqual({
      train: 0,
      test: 1,
      equal: 0,
      near: 0,
      documents: undefined,
    });
    expect(() => measureLeak(train, [])).toThrow("Cannot measure the leak of no test windows");
  });

  test.skipIf(!hasRealData)(
    `audits delphi's own lists: 24 % of its test windows it explained from ${needsRealData}`,
    () => {
      const { latents } = JSON.parse(readFileSync(realData("delphi", "records.json"), "utf8"));
      const leaks: Leak[] = latents.map(
        ({ train, test: tested }: Record<"train" | "test", { tokens: number[] }[]>) =>
          measureLeak(train, tested),
      );
      // 11 to 15 of 50 test windows are train windows, word for word.
      expect(Math.min(...leaks.map(({ equal }) => equal))).toBeCloseTo(0.22, 12);
      expect(Math.max(...leaks.map(({ equal }) => equal))).toBeCloseTo(0.3, 12);
      expect(leaks.reduce((sum, { equal }) => sum + equal, 0) / leaks.length).toBeCloseTo(0.239, 12);
    },
  );
});
