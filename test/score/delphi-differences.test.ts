/** What differs from delphi on purpose, on its own cache where it takes one: the lines of docs/differences.md that no other test shows. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { Example, Window } from "../../src/examples/example.js";
import { measureLeak } from "../../src/examples/leak.js";
import { activeTokens } from "../../src/examples/markup.js";
import { type SampleExamplesOptions, sampleExamples } from "../../src/examples/sample-examples.js";
import { noUsage, type TextModel } from "../../src/llm/text-model.js";
import { delphiMetrics } from "../../src/score/delphi-metrics.js";
import { delphiItems, delphiScorer } from "../../src/score/delphi-scorers.js";
import { detection } from "../../src/score/detection.js";
import { openTheirCache } from "../examples/delphi-cache.js";
import { hasRealData, needsRealData } from "../shared-data.js";
import { explanation, tokenLatent } from "./made-examples.js";

const root = mkdtempSync(join(tmpdir(), "saelab-differences-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(!hasRealData)(`examples differ from delphi's ${needsRealData}`, () => {
  let cache: LatentCache;
  beforeAll(async () => {
    cache = await openTheirCache(join(root, "cache"));
  });

  const sample = (index: number, options: SampleExamplesOptions) =>
    sampleExamples(cache, { hookpoint: cache.hookpoint, index }, options);
  const theirs = (index: number, options: SampleExamplesOptions = {}) =>
    sample(index, { compat: "delphi", ...options });
  const ours = (index: number, options: SampleExamplesOptions = {}) =>
    sample(index, { test: 50, ...options });
  const weakest = (...sets: (readonly Example[])[]) => Math.min(...sets.flat().map(({ peak }) => peak));
  const distinct = (windows: readonly Window[]) =>
    new Set(windows.map(({ tokens }) => tokens.join(" "))).size;

  it("test windows were not explained from", () => {
    for (const index of [4, 49, 105, 154, 175]) {
      const [their, our] = [theirs(index), ours(index)].map(({ train, test }) => measureLeak(train, test));
      expect(their?.equal).toBeGreaterThanOrEqual(0.2);
      expect(our).toMatchObject({ equal: 0, near: 0 });
    }
  });

  it("the weakest windows are in a slice, too", () => {
    const all = { train: 610, test: 610, minWindows: 1 };
    const [their, our] = [theirs(4, all), ours(4, all)];
    expect(their.windowCount % 10).toBe(4);
    expect(weakest(our.train, our.test)).toBeLessThan(weakest(their.train, their.test));
  });

  it("only the strongest windows are ranked", () => {
    const few = { test: 20, minWindows: 1 };
    const least = weakest(theirs(4, { train: 100, trainSampling: "top" }).train);
    const [all, strongest] = [ours(4, few), ours(4, { ...few, maxWindows: 100 })];
    expect(weakest(all.train, all.test)).toBeLessThan(least);
    expect(weakest(strongest.train, strongest.test)).toBeGreaterThanOrEqual(least);
  });

  it("of equal peaks the earlier window comes first", () => {
    const { train } = ours(882, { train: 200, trainSampling: "top", minWindows: 1, test: 10 });
    const order = train.map(({ peak, context, start }) => [-peak, context, start]);
    expect(order).toEqual(
      [...order].sort(([a = 0, b = 0, c = 0], [d = 0, e = 0, f = 0]) => a - d || b - e || c - f),
    );
    expect(new Set(train.map(({ peak }) => peak)).size).toBeLessThan(train.length);
  });

  it("silent windows are drawn once", () => {
    const [their, our] = [theirs(4).nonActivating, ours(4).nonActivating];
    expect(distinct(their)).toBeLessThan(their.length);
    expect(distinct(our)).toBe(our.length);
  });

  it("a latent of fewer than 200 windows has examples", () => {
    const index = Array.from({ length: 1024 }, (_, i) => i).find((i) => {
      const { count } = cache.stats(i);
      return count > 150 && count < 200;
    }) as number;
    expect(() => theirs(index)).toThrow(/and 200 are wanted/);
    expect(ours(index, { train: 20, test: 20 }).test).toHaveLength(20);
  });

  it("as many are given as are asked for", () => {
    expect(theirs(4, { trainSampling: "mixed" }).train).toHaveLength(38);
    expect(ours(4, { trainSampling: "mixed" }).train).toHaveLength(40);
    expect(theirs(4, { train: 5 }).train).toHaveLength(0);
    expect(ours(4, { train: 5 }).train).toHaveLength(5);
  });

  it("centred windows have the peak in their middle, none is left out, and activations are true", () => {
    const [their, our] = [theirs, ours].map((draw) => draw(4, { placement: "centred", minWindows: 50 }));
    expect([their?.windowCount, our?.windowCount]).toEqual([330, expect.toSatisfy((n) => n > 600)]);
    const wrong = ({ train = [] }: { train?: readonly Example[] } = {}) =>
      train.filter(({ context, start, activations }) => {
        const { positions, activations: stored } = cache.read(4);
        const at = new Map(Array.from(positions, (position, row) => [position, stored[row]]));
        return activations.some((activation, i) => activation !== (at.get(context * 128 + start + i) ?? 0));
      }).length;
    expect(wrong(their)).toBeGreaterThan(0);
    expect(wrong(our)).toBe(0);
    expect(their?.train.every(({ activations, peak }) => activations[24] === peak)).toBe(true);
    const within = our?.train.filter(({ start }) => start > 1 && start < 96) ?? [];
    expect(within.every(({ activations }) => (activations[16] ?? 0) > 0)).toBe(true);
  });
});

describe("judging differs from delphi's", () => {
  const examples = tokenLatent(" cat", { test: 6, nonActivating: 6 });
  const saying = (text: string): TextModel => ({
    name: "saying",
    complete: async () => ({ text, stop: "end", usage: noUsage, model: "saying" }),
  });
  /** Says yes to each text that it is shown. */
  const counting: TextModel = {
    name: "counting",
    complete: async ({ messages }) => {
      const asked = messages.at(-1)?.content.match(/^Example \d+:/gm) ?? [];
      return { text: `[${asked.map(() => 1).join(", ")}]`, stop: "end", usage: noUsage, model: "counting" };
    },
  };
  const theirs = (text: string) =>
    delphiScorer("detection", saying(text)).score(explanation("Cats."), examples);
  const ours = (text: string) => detection(saying(text)).score(explanation("Cats."), examples);

  it("a reply with two lists is no answer; theirs is the first", async () => {
    const reply = "[\n[1, 0, 1, 0, 1] or [1, 1, 1, 1, 1]";
    const their = await theirs(reply);
    expect(their.judgements.slice(0, 5).map(({ answer }) => answer)).toEqual(
      [true, false, true, false, true].map((yes) => ({ status: "ok", value: { yes } })),
    );
    expect((await ours(reply)).answered).toBe(0);
  });

  it("a last batch of two is judged; theirs is lost", async () => {
    const [their, our] = [delphiScorer("detection", counting), detection(counting)];
    expect(await their.score(explanation("Cats."), examples)).toMatchObject({ answered: 10, unanswered: 2 });
    expect(await our.score(explanation("Cats."), examples)).toMatchObject({ answered: 12, unanswered: 0 });
  });

  it.each(["no list", "[1, 0, 1]", "[1, 0, 1, 0, maybe]"])("%s is no answer to either", async (reply) => {
    const [their, our] = [await theirs(reply), await ours(reply)];
    expect([their.answered, our.answered]).toEqual([0, 0]);
    expect(their.also?.failed_count).toBe(12);
  });

  it("a token at 0.3 of the peak is marked by theirs alone", () => {
    const [first] = examples.test;
    const window = { ...(first as Example), activations: Float32Array.from([10, 3, 0]), peak: 10 };
    const [item] = delphiItems("fuzzing", {
      ...examples,
      test: [{ ...window, pieces: [" a", " b", " c"] }],
      nonActivating: [],
    });
    expect(item?.text).toBe("<< a b>> c");
    expect(activeTokens(window)).toEqual([true, false, false]);
  });

  it("accuracy of one class alone has no value; theirs is half", async () => {
    const positives = (await theirs("[1, 1, 1, 1, 1]")).judgements.filter(({ truth }) => truth);
    expect(delphiMetrics(positives).accuracy).toBe(0.5);
    const score = await detection(saying("[1, 1, 1, 1, 1]")).score(explanation("Cats."), {
      ...examples,
      nonActivating: [],
    });
    expect(score.value).toBeUndefined();
  });
});
