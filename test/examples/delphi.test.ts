/**
 * Against delphi's own output on a real model. Where we differ on purpose, no agreement is asked for: which windows are drawn
 * (theirs may be in both train and test), rank slices (theirs leave out the remainder), strengths (theirs round up).
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { LatentActivations } from "../../src/cache/latent-cache.js";
import { highlight, strengths } from "../../src/examples/markup.js";
import { windows } from "../../src/examples/windows.js";
import { memorySource } from "../../src/formats/byte-source.js";
import { readFileBytes } from "../../src/formats/file-source.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";
import { readDelphiRows } from "./delphi-rows.js";

interface RecordedWindow {
  tokens: number[];
  activations: [index: number, value: number][];
  normalized: [index: number, value: number][];
}

interface RecordedLatent {
  latent: number;
  n_windows: number;
  max_activation: number;
  window_max_activations: number[];
  top_windows: RecordedWindow[];
  train: RecordedWindow[];
  explainer: { examples: { highlighted: string }[] };
}

const grid = { contextLength: 128, windowLength: 32, firstPosition: 0 };

function toWindow({ tokens, activations }: RecordedWindow, pieceOf: (id: number) => string) {
  const dense = new Float32Array(tokens.length);
  for (const [index, value] of activations) dense[index] = value;
  return {
    context: 0,
    start: 0,
    tokens: Int32Array.from(tokens),
    pieces: tokens.map(pieceOf),
    activations: dense,
  };
}

describe.skipIf(!hasRealData)(`delphi's records ${needsRealData}`, () => {
  let records: RecordedLatent[];
  let rows: Map<number, LatentActivations>;
  let tokens: ArrayLike<number | bigint>;
  /** delphi decodes token by token, which drops the leading space of each. */
  let pieceOf: (id: number) => string;

  beforeAll(async () => {
    records = JSON.parse(readFileSync(realData("delphi", "records.json"), "utf8")).latents;
    rows = await readDelphiRows(new Set(records.map(({ latent }) => latent)));
    const shard = await openSafetensors(
      memorySource(await readFileBytes(realData("delphi", "latents", "layers.2", "0_340.safetensors"))),
    );
    tokens = (await shard.read("tokens")).data;
    const { model } = JSON.parse(readFileSync(realData("stories260k", "tokenizer.json"), "utf8"));
    const names = new Map(
      Object.entries(model.vocab as Record<string, number>).map(([name, id]) => [id, name]),
    );
    pieceOf = (id) => {
      const name = names.get(id) ?? "";
      const byte = /^<0x([0-9A-F]{2})>$/.exec(name)?.[1];
      return byte === undefined
        ? name.replace(/^▁/, "").replaceAll("▁", " ")
        : String.fromCharCode(Number.parseInt(byte, 16));
    };
  });

  test("windows() finds the same windows with the same peaks", () => {
    for (const { latent, n_windows, window_max_activations, top_windows } of records) {
      const found = windows(rows.get(latent) as LatentActivations, grid).sort((a, b) => b.peak - a.peak);
      expect(found.length).toBe(n_windows);
      found.forEach(({ peak }, i) => {
        expect(peak).toBeCloseTo(window_max_activations[i] as number, 5);
      });
      const strongest = found.filter(({ peak }) => peak >= (window_max_activations[4] as number) - 1e-5);
      const ids = strongest.map(({ context, start }) => {
        const from = 128 * context + start;
        return Array.from({ length: 32 }, (_, i) => Number(tokens[from + i])).join(" ");
      });
      for (const window of top_windows) expect(ids).toContain(window.tokens.join(" "));
    }
  });

  test("highlight() marks the same tokens of every explainer example", () => {
    let compared = 0;
    for (const { train, explainer } of records) {
      train.forEach((window, i) => {
        const wanted = explainer.examples[i]?.highlighted as string;
        // Bytes beyond ASCII and the text's own brackets are written differently; so are their tokens without text:
        // they stand between marks, where ours join.
        if (/[^\n -~]|<<>>/.test(wanted) || window.tokens.some((id) => pieceOf(id).match(/[<>\\]/))) return;
        expect(highlight(toWindow(window, pieceOf))).toBe(wanted.replaceAll(">><<", ""));
        compared++;
      });
    }
    expect(compared).toBeGreaterThan(550);
  });

  test("strengths() are theirs rounded down instead of up", () => {
    for (const { train, max_activation } of records) {
      for (const window of train) {
        const { activations } = toWindow(window, pieceOf);
        const own = strengths(
          { ...toWindow(window, String), pieces: window.tokens.map((_, i) => String(i)) },
          max_activation,
        );
        const byIndex = new Map(own.map(({ piece, strength }) => [Number(piece), strength]));
        for (const [index, theirs] of window.normalized) {
          const exact = (10 * (activations[index] as number)) / max_activation;
          if (Math.abs(exact - Math.round(exact)) < 1e-4) continue;
          expect(byIndex.get(index) ?? 0).toBe(theirs - 1);
        }
      }
    }
  });
});
