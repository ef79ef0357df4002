/**
 * Against delphi's own output on a real model. Which windows it draws is in test/score/delphi-compat.test.ts; where we differ on
 * purpose, no agreement is asked for: strengths (theirs round up).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { highlight, strengths } from "../../src/examples/markup.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { windows } from "../../src/examples/windows.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";
import { asTheyWrite, openTheirCache } from "./delphi-cache.js";

interface RecordedLatent {
  latent: number;
  n_windows: number;
  max_activation: number;
  /** Strongest first, to six digits after the point. */
  window_max_activations: number[];
  train: { normalized: [index: number, value: number][] }[];
  explainer: { examples: { highlighted: string }[] };
}

const grid = { contextLength: 128, windowLength: 32, firstPosition: 0 };
const root = mkdtempSync(join(tmpdir(), "saelab-delphi-records-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(!hasRealData)(`delphi's records ${needsRealData}`, () => {
  let records: RecordedLatent[];
  let cache: LatentCache;

  beforeAll(async () => {
    records = JSON.parse(readFileSync(realData("delphi", "records.json"), "utf8")).latents;
    cache = await openTheirCache(join(root, "cache"));
  });

  const trainOf = (index: number) =>
    sampleExamples(cache, { hookpoint: cache.hookpoint, index }, { compat: "delphi" }).train;

  test("windows() finds the same windows with the same peaks", () => {
    for (const { latent, n_windows, window_max_activations } of records) {
      const peaks = windows(cache.read(latent), grid).map(({ peak }) => peak);
      expect(peaks).toHaveLength(n_windows);
      peaks.sort((a, b) => b - a);
      expect(peaks).toEqual(window_max_activations.map((peak) => expect.closeTo(peak, 5)));
    }
  });

  test("highlight() marks the same tokens of every explainer example", () => {
    for (const { latent, explainer } of records) {
      const marked = trainOf(latent).map((window) => asTheyWrite(highlight(window)));
      expect(marked).toHaveLength(40);
      expect(marked).toEqual(explainer.examples.map(({ highlighted }) => highlighted));
    }
  });

  test("strengths() are theirs rounded down instead of up", () => {
    for (const { latent, train, max_activation } of records) {
      trainOf(latent).forEach((window, i) => {
        const numbered = { ...window, pieces: window.pieces.map((_, at) => String(at)) };
        const own = new Map(
          strengths(numbered, max_activation).map(({ piece, strength }) => [Number(piece), strength]),
        );
        for (const [index, theirs] of train[i]?.normalized ?? []) {
          const exact = (10 * (window.activations[index] ?? 0)) / max_activation;
          if (Math.abs(exact - Math.round(exact)) < 1e-4) continue;
          expect(own.get(index) ?? 0).toBe(theirs - 1);
        }
      });
    }
  });
});
