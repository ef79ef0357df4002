import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { jupyterDisplay } from "../../src/display.js";
import { ModelCallError } from "../../src/errors.js";
import type { Explainer } from "../../src/explain/explainer.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { latentName } from "../../src/latent.js";
import { builtInEmbedder } from "../../src/llm/local/built-in-embedder.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { report } from "../../src/report/report.js";
import { type InterpretOptions, interpret } from "../../src/run/interpret.js";
import type { Interpretation } from "../../src/run/interpretation.js";
import { scoringsPerLatent } from "../../src/run/null-panel.js";
import type { NullKind } from "../../src/run/null-scores.js";
import { shuffledNull } from "../../src/run/shuffled-labels.js";
import { unigramNull, unigramRule } from "../../src/run/unigram-rule.js";
import { detection } from "../../src/score/detection.js";
import { embedding } from "../../src/score/embedding.js";
import { exampleEmbedding } from "../../src/score/example-embedding.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import type { Scorer } from "../../src/score/scorer.js";
import { simulation } from "../../src/score/simulation.js";
import { correlationInterval } from "../../src/stats/correlation-interval.js";
import { explanation, tokenLatent, window } from "../score/made-examples.js";
import { plantedCache, plantedExamples, plantedNames } from "../score/planted-latents.js";

let cache: LatentCache;
let remove: () => void;

beforeAll(async () => {
  ({ cache, remove } = await plantedCache());
}, 60_000);
afterAll(() => remove?.());

type Scored = Extract<Interpretation, { status: "scored" }>;

const names = plantedNames.filter((name) => name !== "dense");
const latents = () =>
  names.map((name) => ({ hookpoint: cache.hookpoint, index: plantedNames.indexOf(name) }));

async function run(options: Partial<InterpretOptions> = {}, wanted = latents()): Promise<Interpretation[]> {
  const results: Interpretation[] = [];
  const usual = {
    explainer: topActivations(pattern()),
    scorers: [detection(pattern()), fuzzing(pattern())],
    examples: { train: 20, test: 40 },
    onProgress: false as const,
  };
  for await (const result of interpret(cache, wanted, { ...usual, ...options })) {
    if (result.status !== "null run") results.push(result);
  }
  return results;
}

function nullsOf(result: Interpretation | undefined, kind: NullKind) {
  return result?.status === "scored" ? (result.nulls ?? []).filter((one) => one.kind === kind) : [];
}

/** Counts how often a scorer is asked. */
function counted(scorer: Scorer) {
  const asked: string[] = [];
  const counting: Scorer = {
    ...scorer,
    score(about, examples, options) {
      asked.push(about.text);
      return scorer.score(about, examples, options);
    },
  };
  return { scorer: counting, asked };
}

describe("the null panel of a run", () => {
  it("holds every score against all nulls where it is asked for all latents", {
    timeout: 60_000,
  }, async () => {
    const results = await run({ nulls: { share: 1, runs: false } });
    expect(results.map(({ status }) => status)).toEqual(names.map(() => "scored"));
    for (const result of results as Scored[]) {
      expect(nullsOf(result, "blank").map(({ value }) => value)).toEqual([undefined, undefined]);
      expect(nullsOf(result, "blank")[0]?.reason).toContain("Cannot read the answers");
      const others = nullsOf(result, "another latent");
      expect(others.map(({ scorer }) => scorer)).toEqual(["detection", "fuzzing"]);
      for (const { from } of others) expect(from && latentName(from)).not.toBe(latentName(result.latent));
      expect(nullsOf(result, "unigram rule")).toHaveLength(2);
      expect(nullsOf(result, "shuffled labels")).toHaveLength(2);
      expect(result.firingRate).toBeGreaterThan(0);
    }
    const detected = (kind: NullKind, name: (typeof names)[number]) =>
      nullsOf(results[names.indexOf(name)], kind)[0];
    expect(detected("another latent", "one word")?.value).toBeLessThan(0.65);
    // One word is its own unigram rule, and no sentence has a lift over that; a word in a context is not.
    expect(detected("unigram rule", "one word")).toMatchObject({ value: 1, tokens: [" must"] });
    expect(detected("shuffled labels", "one word")?.pValue).toBeCloseTo(0.001, 12);
    expect(detected("shuffled labels", "noise")?.pValue).toBeGreaterThan(0.01);
  });

  it("asks at most a fifth more than scoring does, by default, and of at least five latents", {
    timeout: 60_000,
  }, async () => {
    const wanted = [...latents(), ...latents()].slice(0, 10);
    const { scorer, asked } = counted(detection(pattern()));
    await run({ scorers: [scorer], nulls: { share: 0.5, runs: false } }, wanted);
    expect(asked).toHaveLength(20);
    expect(asked.filter((text) => text === "")).toHaveLength(5);
    expect([10, 29, 49, 50, 69, 1000].map((n) => Math.round(n * scoringsPerLatent(n)))).toEqual([
      10, 29, 49, 60, 81, 1200,
    ]);
    expect(scoringsPerLatent(20, { share: 0.2 })).toBe(1);
    expect(scoringsPerLatent(20, { share: 0.25 })).toBe(1.5);
    expect(scoringsPerLatent(20, false)).toBe(1);
    expect(scoringsPerLatent(20, { share: 1 })).toBe(3);
    expect(scoringsPerLatent(3, { share: 1 })).toBe(3);
  });

  it("pays nothing for a panel that is too small for an interval, and says so", async () => {
    const { scorer, asked } = counted(detection(pattern()));
    const wanted = [...latents(), ...latents()].slice(0, 12);
    const results = await run({ scorers: [scorer], nulls: { runs: false } }, wanted);
    expect(asked).toHaveLength(12);
    const reason = "a share of 0.1 of 12 latents is fewer than 5; raise nulls.share to 0.42";
    for (const kind of ["another latent", "blank"] as const) {
      expect(nullsOf(results[0], kind)).toEqual([
        { kind, scorer: "detection", value: undefined, interval: undefined, reason },
      ]);
    }
    const { "text/plain": text, "text/html": notebook } = await (await report(results))[jupyterDisplay]();
    const line = `not held against another latent's explanation, no explanation: ${reason}`;
    expect(text).toContain(`\n${line}\n`);
    expect(notebook).toContain(line.replace("'", "&#39;"));
    const [unasked] = await run({ scorers: [scorer], nulls: { share: 0 } }, wanted.slice(0, 1));
    expect(nullsOf(unasked, "blank")).toEqual([]);
  });

  it("is absent where it is switched off, and refuses a share that is none", async () => {
    const { scorer, asked } = counted(detection(pattern()));
    const [result] = await run({ scorers: [scorer], nulls: false }, latents().slice(0, 1));
    expect(result).not.toHaveProperty("nulls");
    expect(asked).toHaveLength(1);
    await expect(run({ nulls: { share: 2 } }, latents().slice(0, 1))).rejects.toThrow(
      /Cannot judge nulls of a share of 2 of the latents/,
    );
  });

  it("explains each latent once, and goes on where another's explanation or judgement fails", async () => {
    const real = topActivations(pattern());
    const calls: number[] = [];
    const explainer: Explainer = {
      ...real,
      async explain(examples, options) {
        calls.push(examples.latent.index);
        if (examples.latent.index === 1) throw new ModelCallError("The service is down", "call", 500);
        return real.explain(examples, options);
      },
    };
    const scorer: Scorer = {
      ...detection(pattern()),
      score(about, examples, options) {
        if (about.text === "") throw new ModelCallError("The service is down", "call", 500);
        return detection(pattern()).score(about, examples, options);
      },
    };
    const results = await run(
      { explainer, scorers: [scorer], nulls: { share: 1, runs: false } },
      latents().slice(0, 3),
    );
    expect(results.map(({ status }) => status)).toEqual(["scored", "failed", "scored"]);
    expect(calls.sort()).toEqual([0, 1, 2]);
    expect(nullsOf(results[0], "another latent")[0]).toMatchObject({ from: { index: 2 } });
    expect(nullsOf(results[0], "blank")[0]).toMatchObject({
      value: undefined,
      reason: "The service is down",
    });
  });

  it("does not ask scorers twice that read no explanation", async () => {
    const { scorer, asked } = counted(exampleEmbedding(builtInEmbedder()));
    await run({ scorers: [scorer], nulls: { share: 1, runs: false } }, latents().slice(0, 2));
    expect(asked).toHaveLength(2);
  });
});

describe("unigramRule()", () => {
  const id = (pieces: string[]) => Int32Array.from(pieces, (piece) => piece.charCodeAt(0));
  const train = [
    {
      ...window(
        ["a", "b", "c", "x"],
        [
          [0, 2],
          [1, 1],
        ],
      ),
      tokens: id(["a", "b", "c", "x"]),
    },
    { ...window(["a", "b", "c", "x"], [[0, 4]]), tokens: id(["a", "b", "c", "x"]) },
    {
      ...window(
        ["a", "c", "c", "x"],
        [
          [0, 3],
          [1, 1],
        ],
      ),
      tokens: id(["a", "c", "c", "x"]),
    },
  ];

  it("takes tokens by the share of their occurrences that fire, while F1 rises", () => {
    // a: 3 of 3, b: 1 of 2, c: 1 of 4; F1 of a alone 6/8, of a and b 8/10, of all three 10/14.
    expect([...unigramRule(train).tokens.values()].map(({ piece }) => piece)).toEqual(["a", "b"]);
  });

  it("judges windows by their tokens, and marks by where they stand", async () => {
    const shown = tokenLatent(" cat");
    const named = (windows: typeof shown.test) =>
      windows.map((one) => ({ ...one, tokens: Int32Array.from(one.pieces, (piece) => hash(piece)) }));
    const examples = {
      ...shown,
      train: named(shown.train),
      test: named(shown.test),
      nonActivating: named(shown.nonActivating as typeof shown.test),
    };
    for (const scorer of [detection(pattern()), fuzzing(pattern()), embedding(builtInEmbedder())]) {
      const score = await scorer.score(explanation("“cat”"), examples);
      expect(unigramNull(examples, score)).toMatchObject({ scorer: scorer.name, value: 1, tokens: [" cat"] });
    }
  });

  it("falls short of a latent that needs its context", async () => {
    const examples = plantedExamples(cache, "a phrase");
    const score = await detection(pattern()).score(explanation("the word “not” after “do”"), examples);
    expect(unigramNull(examples, score)?.value).toBeLessThan(0.8);
    expect(score.value).toBeGreaterThan(0.95);
  });

  it("simulates with an interval that counts windows, as the scorer's does", async () => {
    const examples = plantedExamples(cache, "a phrase");
    const score = await simulation(pattern()).score(explanation("the word “not” after “do”"), examples);
    const found = unigramNull(examples, score);
    const value = found?.value ?? 0;
    const [low, high] = found?.interval ?? [0, 0];
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    const tokens = [...examples.test, ...examples.nonActivating].reduce((n, one) => n + one.tokens.length, 0);
    const fisher = correlationInterval(value, tokens).interval;
    expect(high - low).toBeGreaterThan(1.5 * (fisher[1] - fisher[0]));
  });

  it("has nothing to say of measures of other things", async () => {
    const examples = tokenLatent(" cat");
    const score = await detection(pattern()).score(explanation("“cat”"), examples);
    expect(unigramNull(examples, { ...score, measure: "share firing" })).toBeUndefined();
    expect(unigramNull(examples, { ...score, judgements: [] })).toBeUndefined();
  });
});

describe("shuffledNull()", () => {
  it("is chance, with an interval and the p-value of the score", async () => {
    const examples = tokenLatent(" cat", { test: 20, nonActivating: 20 });
    const right = shuffledNull(await detection(pattern()).score(explanation("“cat”"), examples));
    expect(right?.value).toBeCloseTo(0.5, 1);
    expect(right?.pValue).toBe(0.001);
    // Standard error of a permuted AUROC of 20 yes among 40: √(41 / (12 · 400)) widened by ties.
    expect(right?.interval?.[0]).toBeGreaterThan(0.25);
    expect(right?.interval?.[1]).toBeLessThan(0.75);
    const nothing = shuffledNull(await detection(pattern()).score(explanation("“zebra”"), examples));
    expect(nothing).toMatchObject({ value: 0.5, pValue: 1 });
  });
});

function hash(text: string): number {
  return [...text].reduce((sum, c) => (31 * sum + c.charCodeAt(0)) % 65_521, 7);
}
