import fc from "fast-check";
import { expect, test } from "vitest";
import { heatmapPage } from "../../src/report/heatmap-page.js";
import type { HeatmapRow } from "../../src/report/heatmap-rows.js";
import { readPage } from "../../widgets/src/views/heatmap/page.js";

const token = fc.record({
  piece: fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("\n", "", " the", "🌧️", "\u0000")),
  id: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  activation: fc.float({ min: 0, max: Math.fround(1e3), noNaN: true }),
});

const row: fc.Arbitrary<HeatmapRow> = fc
  .record({
    tokens: fc.array(token, { minLength: 1, maxLength: 40 }),
    context: fc.nat(2 ** 31 - 1),
    start: fc.nat(2 ** 20),
    quantile: fc.option(fc.nat(1000)),
    split: fc.constantFrom("train" as const, "test" as const),
  })
  .map(({ tokens, context, start, quantile, split }) => ({
    quantile,
    split,
    window: {
      context,
      start,
      tokens: Int32Array.from(tokens, ({ id }) => id),
      pieces: tokens.map(({ piece }) => piece),
      activations: Float32Array.from(tokens, ({ activation }) => activation),
    },
  }));

test("heatmapPage() is read back by readPage() as it was, from bytes, a view of them, and base64", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), (rows) => {
      const bytes = heatmapPage(rows);
      const shifted = new Uint8Array(bytes.length + 3);
      shifted.set(bytes, 3);
      const view = new DataView(shifted.buffer, 3, bytes.length);
      for (const form of [bytes, view, Buffer.from(bytes).toString("base64")]) {
        const page = readPage(form);
        expect(page.length).toBe(rows.length);
        rows.forEach(({ window, quantile, split }, i) => {
          const { peak, peakToken, ...read } = page.window(i);
          expect(read).toEqual({ ...window, quantile, split });
          expect(peak).toBe(Math.max(0, ...window.activations));
          const [before, from] = page.parts(i);
          expect(before).toBe(window.pieces.slice(0, Math.max(0, peakToken)).join(""));
          expect(before + from).toBe(window.pieces.join(""));
          expect(peakToken).toBe(peak === 0 ? -1 : window.activations.indexOf(peak));
        });
      }
    }),
    { numRuns: 60 },
  );
});

test("heatmapPage() refuses a window without tokens", () => {
  const window = {
    context: 0,
    start: 0,
    tokens: new Int32Array(),
    pieces: [],
    activations: new Float32Array(),
  };
  expect(() => heatmapPage([{ window, quantile: null, split: "test" }])).toThrow("it has 0 tokens");
});

test("heatmapPage() says which window has pieces and tokens that differ in number", () => {
  const window = {
    context: 7,
    start: 3,
    tokens: Int32Array.of(1, 2),
    pieces: ["a"],
    activations: new Float32Array(2),
  };
  expect(() => heatmapPage([{ window, quantile: 0, split: "train" }])).toThrow(
    "Cannot show the window at position 3 of context 7: it has 2 tokens, 1 pieces and 2 activations",
  );
});
