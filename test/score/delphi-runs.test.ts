/** What delphi draws of its own cache, and how it marks it: `delphi-runs.py` ran delphi itself and says how. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { type DelphiNegativesOptions, delphiNegatives } from "../../src/examples/delphi-negatives.js";
import type { LatentExamples } from "../../src/examples/example.js";
import type { Neighbour } from "../../src/examples/neighbours.js";
import { readDelphiNeighbours } from "../../src/examples/read-delphi-neighbours.js";
import { readWindow } from "../../src/examples/read-window.js";
import { type SampleExamplesOptions, sampleExamples } from "../../src/examples/sample-examples.js";
import { type DelphiTask, delphiItems } from "../../src/score/delphi-scorers.js";
import { asTheyWrite, openTheirCache } from "../examples/delphi-cache.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

const root = mkdtempSync(join(tmpdir(), "saelab-negatives-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** SHA-256 of the texts, in the order shown. */
interface Texts {
  detection: string;
  fuzzing: string;
}

interface Reference {
  /** By latent. */
  variants: Record<string, Record<string, Texts & { windows: string }>>;
  negatives: Record<string, Record<string, Texts & { windows: number[] }>>;
  halves: [latent: number, window: number, text: string][];
}

const reference: Reference = JSON.parse(readFileSync(join(import.meta.dirname, "delphi-runs.json"), "utf8"));

describe.skipIf(!hasRealData)(`delphi's runs ${needsRealData}`, () => {
  let cache: LatentCache;
  beforeAll(async () => {
    cache = await openTheirCache(join(root, "cache"));
  });

  const examplesOf = (latent: string, options: SampleExamplesOptions = {}) =>
    sampleExamples(
      cache,
      { hookpoint: cache.hookpoint, index: Number(latent) },
      { compat: "delphi", ...options },
    );

  const textsHash = (task: DelphiTask, examples: LatentExamples) => {
    const texts = delphiItems(task, examples).map(({ text }) => asTheyWrite(text));
    return createHash("sha256").update(texts.join("\n")).digest("hex");
  };

  const windowsHash = ({ train, test }: LatentExamples) => {
    const hash = createHash("sha256");
    for (const { tokens, activations } of [...train, ...test]) hash.update(tokens).update(activations);
    return hash.digest("hex");
  };

  it.each<[string, number, SampleExamplesOptions]>([
    ["top", 20, { trainSampling: "top" }],
    ["random", 20, { trainSampling: "random" }],
    ["mix", 20, { trainSampling: "mixed" }],
    ["five quantiles", 20, { train: 33, test: 22, quantiles: 5 }],
    ["centred", 20, { placement: "centred", minWindows: 50 }],
    ["64 tokens", 20, { windowLength: 64, minWindows: 100 }],
    ["16 tokens, centred", 17, { windowLength: 16, placement: "centred" }],
  ])("have the same windows and texts under its %s", (name, latents, options) => {
    const drawn = Object.entries(reference.variants[name] ?? {});
    expect(drawn).toHaveLength(latents);
    for (const [latent, wanted] of drawn) {
      const examples = examplesOf(latent, options);
      expect({
        windows: windowsHash(examples),
        detection: textsHash("detection", examples),
        fuzzing: textsHash("fuzzing", examples),
      }).toEqual(wanted);
    }
  });

  function expectNegatives(name: string, options: (latent: string) => DelphiNegativesOptions): void {
    const drawn = Object.entries(reference.negatives[name] ?? {});
    expect(drawn).toHaveLength(20);
    for (const [latent, { windows, ...texts }] of drawn) {
      const random = examplesOf(latent);
      const nonActivating = delphiNegatives(cache, random, options(latent));
      const examples = { ...random, nonActivating };
      expect(nonActivating.map(({ context, start }) => context * 4 + start / 32)).toEqual(windows);
      expect(textsHash("detection", examples)).toBe(texts.detection);
      expect(textsHash("fuzzing", examples)).toBe(texts.fuzzing);
    }
  }

  it.each([
    ["co-occurrence", "co-active", 50],
    ["co-occurrence", "co-active", 25],
    ["decoder_similarity", "decoder-neighbour", 50],
    ["encoder_similarity", "encoder-neighbour", 50],
  ] as const)("have the same negatives and texts by %s (%s, %i)", async (type, kind, count) => {
    const lists = await readDelphiNeighbours(realData("delphi", "neighbours", `layers.2-${type}.json`));
    expectNegatives(`${type} ${count}`, (latent) => ({
      neighbours: lists.get(Number(latent)) ?? [],
      count,
      kind,
    }));
  });

  it("fall back to random negatives where no neighbour fires without the latent", () => {
    expectNegatives("own", (latent) => ({ neighbours: [{ index: Number(latent), similarity: 1 }] }));
  });

  it("delphiNegatives() names the kind and the neighbour", () => {
    const [negative] = delphiNegatives(cache, examplesOf("4"), {
      neighbours: [{ index: 938, similarity: 0 }],
    });
    expect(negative).toMatchObject({ kind: "co-active", other: { index: 938 } });
    expect([...(negative?.activations ?? [1])].every((activation) => activation === 0)).toBe(true);
  });

  it("marks of fuzzing begin at a limit of half precision", () => {
    expect(reference.halves).toHaveLength(20);
    for (const [index, window, text] of reference.halves) {
      const rows = cache.read(index);
      const start = (window % 4) * 32;
      const read = readWindow(cache, { context: Math.floor(window / 4), start, end: start + 32 }, rows);
      const example = { ...read, quantile: 0, peak: Math.max(...read.activations) };
      const [item] = delphiItems("fuzzing", { ...examplesOf("4"), test: [example], nonActivating: [] });
      expect(asTheyWrite(item?.text ?? "")).toBe(text);
    }
  });
});

describe("readDelphiNeighbours()", () => {
  const file = (text: string) => {
    const path = join(root, "layers.0-co-occurrence.json");
    writeFileSync(path, text);
    return path;
  };

  it("reads pairs, similarity first", async () => {
    const found: Map<number, Neighbour[]> = await readDelphiNeighbours(
      file('{"3": [[0.5, 7], [0.25, 0]], "4": []}'),
    );
    expect([...found]).toEqual([
      [
        3,
        [
          { index: 7, similarity: 0.5 },
          { index: 0, similarity: 0.25 },
        ],
      ],
      [4, []],
    ]);
  });

  it.each(['{"3": [[7, 0.5]]}', '{"three": []}', '{"3": {}}'])("refuses %s", async (text) => {
    await expect(readDelphiNeighbours(file(text))).rejects.toThrow(
      /^Cannot read neighbours ".*": of "\w+" pairs of similarity and latent are wanted, as delphi writes them$/,
    );
  });

  it("says that there is no file", async () => {
    await expect(readDelphiNeighbours(join(root, "none.json"))).rejects.toThrow("there is no such file");
  });
});
