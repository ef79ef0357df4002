import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalTokenScorer, localTokenScorer } from "../../../src/llm/local/local-token-scorer.js";
import type { TokenScores } from "../../../src/llm/token-scorer.js";
import { loadModel } from "../../../src/model/load-model.js";
import type { SubjectModel } from "../../../src/model/subject-model.js";
import { row, tensor } from "../../../src/tensor.js";
import { hasRealData, needsRealData, realData } from "../../shared-data.js";
import golden from "./fixtures/causal/golden.json" with { type: "json" };

const causal = join(import.meta.dirname, "fixtures", "causal");

/** The same by one pass over the whole text, and a softmax in double precision. */
async function recompute(model: SubjectModel, prefix: string, ids: ArrayLike<number>): Promise<Float64Array> {
  const { bosId, encode } = {
    bosId: model.tokenizer.bosId,
    encode: model.tokenizer.encode.bind(model.tokenizer),
  };
  const start = [...(bosId === undefined ? [] : [bosId]), ...encode(prefix)];
  const all = Int32Array.of(...start, ...Array.from(ids));
  const logits = await model.logits(tensor(all, [1, all.length]));
  const positions = tensor(logits.data, logits.shape.slice(1));
  return Float64Array.from(ids, (id, i) => {
    const scores = row(positions, start.length + i - 1);
    const most = scores.reduce((a, b) => Math.max(a, b));
    return scores[id] - most - Math.log(scores.reduce((sum, x) => sum + Math.exp(x - most), 0));
  });
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}

function numbers(scores: readonly TokenScores[]): number[][] {
  return scores.map(({ logProbabilities }) => [...logProbabilities]);
}

const longPrefix = "The cat sat on the mat, and the dog lay by the door.\n".repeat(4);
const texts = ["The rain would stop.", "", "x", "She said that the cat sat on the mat.", "1\t2"];

describe("localTokenScorer() over a graph with a key-value cache", () => {
  let scorer: LocalTokenScorer;
  let model: SubjectModel;
  beforeAll(async () => {
    scorer = await localTokenScorer(causal, { threads: 1 });
    model = await loadModel(causal, { threads: 1 });
  });
  afterAll(() => Promise.all([scorer.close(), model.close()]));

  it("equals PyTorch", async () => {
    for (const prefix of new Set(golden.map((entry) => entry.prefix))) {
      const wanted = golden.filter((entry) => entry.prefix === prefix);
      const found = await scorer.score(
        prefix,
        wanted.map(({ text }) => text),
      );
      found.forEach(({ logProbabilities, pieces }, i) => {
        expect(pieces.join("")).toBe(wanted[i].text);
        expect(largestDifference(logProbabilities, wanted[i].logProbabilities)).toBeLessThan(1e-4);
      });
    }
  });

  it("equals one pass over prefix and text, whatever the prefix's length", async () => {
    for (const length of [0, 1, 63, 64, 65, 129, 200]) {
      const prefix = longPrefix.slice(0, length);
      const found = await scorer.score(prefix, texts);
      for (const [i, text] of texts.entries()) {
        const wanted = await recompute(model, prefix, model.tokenizer.encode(text));
        expect(largestDifference(found[i].logProbabilities, wanted)).toBeLessThan(1e-4);
      }
    }
  });

  it("gives after many calls, alone and at once, exactly what a fresh scorer gives", async () => {
    const prefixes = [longPrefix, longPrefix.slice(0, 150), `${longPrefix.slice(0, 150)}dog`, "", "Rain"];
    for (let n = 0; n < 3; n++) for (const prefix of prefixes) await scorer.score(prefix, texts.slice(n));
    await Promise.all(prefixes.map((prefix) => scorer.score(prefix, texts)));
    for (const prefix of prefixes) {
      const fresh = await localTokenScorer(causal, { threads: 1 });
      const found = await scorer.score(prefix, texts);
      expect(numbers(found)).toEqual(numbers(await fresh.score(prefix, texts)));
      await fresh.close();
    }
  });

  it("choose() gives the shares of the candidates after each segment", async () => {
    const segments = ["the\t", "unknown\n cat\t", "unknown\n"];
    const candidates = ["0", "1", "2"];
    const { probabilities, mass } = await scorer.choose(longPrefix, segments, { candidates });
    expect(probabilities.shape).toEqual([3, 3]);
    for (let i = 0; i < segments.length; i++) {
      const before = longPrefix + segments.slice(0, i + 1).join("");
      const scores = await scorer.score(before, candidates);
      const wanted = scores.map(({ logProbabilities }) => Math.exp(logProbabilities[0]));
      const sum = wanted.reduce((a, b) => a + b, 0);
      expect(mass[i]).toBeCloseTo(sum, 5);
      expect(
        largestDifference(
          row(probabilities, i),
          wanted.map((p) => p / sum),
        ),
      ).toBeLessThan(1e-5);
    }
  });

  it("stops when asked to", async () => {
    await expect(scorer.score("The", texts, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/);
    await expect(
      scorer.choose("The", ["cat"], { candidates: ["0", "1"], signal: AbortSignal.abort() }),
    ).rejects.toThrow(/abort/);
  });

  it("says what is wrong with a candidate", async () => {
    await expect(scorer.choose("The", ["cat"], { candidates: ["0", "xyz"] })).rejects.toThrow(
      'Cannot choose "xyz": it is 3 tokens of "causal"; give candidates of one token each',
    );
    await expect(scorer.choose("The", ["cat"], { candidates: ["0"] })).rejects.toThrow(/fewer than two/);
  });
});

describe("localTokenScorer() over a graph of GroupQueryAttention", () => {
  it("equals one pass over prefix and text, though it takes one row after a past", async () => {
    const scorer = await localTokenScorer(join(import.meta.dirname, "fixtures", "grouped"), { threads: 1 });
    const found = await scorer.score(longPrefix, texts);
    const whole = await scorer.score(
      "",
      texts.map((text) => longPrefix + text),
    );
    for (const [i, { logProbabilities, pieces }] of found.entries()) {
      const wanted = whole[i].logProbabilities.slice(whole[i].logProbabilities.length - pieces.length);
      expect(largestDifference(logProbabilities, wanted)).toBeLessThan(1e-4);
    }
    await scorer.close();
  });
});

describe("localTokenScorer() over the demo model, which has no cache", () => {
  let scorer: LocalTokenScorer;
  let model: SubjectModel;
  beforeAll(async () => {
    scorer = await localTokenScorer("demo", { threads: 1 });
    model = await loadModel("demo", { threads: 1 });
  });
  afterAll(() => Promise.all([scorer.close(), model.close()]));

  it("equals one pass over prefix and text", async () => {
    const prefix = "Once there was a";
    const found = await scorer.score(prefix, [" fox who lived", " letter", ""]);
    expect(found[0].pieces.join("")).toBe(" fox who lived");
    for (const { pieces, logProbabilities } of found) {
      const wanted = await recompute(model, prefix, model.tokenizer.encode(pieces.join("")));
      expect(largestDifference(logProbabilities, wanted)).toBeLessThan(1e-4);
    }
  });

  it("finds text of its world likelier than the same words shuffled", async () => {
    const [real, shuffled] = await scorer.score("", ["The cat sat on the mat.", "mat The the on sat cat."]);
    const sum = ({ logProbabilities }: TokenScores) => logProbabilities.reduce((a, b) => a + b, 0);
    expect(sum(real)).toBeGreaterThan(sum(shuffled) + 5);
  });

  it("refuses a prompt longer than its 128 tokens", async () => {
    const prefix = "The cat sat on the mat. ".repeat(40);
    await expect(scorer.score(prefix, ["A dog."])).rejects.toThrow(
      /^Cannot score text with "demo": prefix and text have \d+ tokens and it reads 128; shorten it, /,
    );
    await expect(scorer.choose(prefix, ["A dog."], { candidates: ["0", "1"] })).rejects.toThrow(RangeError);
  });

  it("cuts the prefix's beginning where that is asked for", async () => {
    const cutting = await localTokenScorer("demo", { threads: 1, tooLong: "cut prefix" });
    const text = " dog ran to the house";
    const prefix = "The cat sat on the mat. ".repeat(40);
    const { tokenizer } = model;
    const room = 128 - 1 - tokenizer.encode(text).length;
    const kept = tokenizer.encode(prefix).slice(-room);
    const [found] = await cutting.score(prefix, [text]);
    const [wanted] = await scorer.score(tokenizer.decode(kept), [text]);
    expect([...found.logProbabilities]).toEqual([...wanted.logProbabilities]);
    await expect(cutting.score("", [prefix])).rejects.toThrow(/give shorter texts/);
    await cutting.close();
  });
});

describe.skipIf(!hasRealData)(`localTokenScorer() over stories260K, a Llama ${needsRealData}`, () => {
  it("cuts continuations without a space in front, and scores them as one pass does", async () => {
    const folder = realData("stories260k");
    const [scorer, model] = await Promise.all([localTokenScorer(folder), loadModel(folder)]);
    const prefix = "Once upon a time, there was a little";
    const [girl, many] = await scorer.score(prefix, [" girl", "girl named Lily."]);
    expect(girl.pieces.join("")).toBe(" girl");
    expect(many.pieces.join("")).toBe("girl named Lily.");
    const ids = model.tokenizer.encode(`${prefix} girl`).slice(model.tokenizer.encode(prefix).length);
    const wanted = await recompute(model, prefix, ids);
    expect(largestDifference(girl.logProbabilities, wanted)).toBeLessThan(1e-4);
    await Promise.all([scorer.close(), model.close()]);
  });
});
