/** Results are found again under the settings that they were made with, and under no others. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { Embedder, Explainer, InterpretOptions, Scorer } from "../../src/index.js";
import * as saelab from "../../src/index.js";
import { settingsOf } from "../../src/settings.js";
import { toyCoder, toyModel } from "../cache/toy-world.js";
import { toyCache } from "../examples/toy-cache.js";
import { replying } from "../explain/replying.js";

const llm = replying();
const subject = { model: toyModel(), coder: toyCoder() };
const other = { ...subject.coder, hash: "other" };
const embedder = saelab.builtInEmbedder();
const another: Embedder = { ...embedder, name: "another" };
const explainer = saelab.topActivations(llm);
const scorer = saelab.detection(llm);

/** A maker with options put over those that it needs, and for each option another value. */
interface Case<T> {
  make(options: object): T;
  readonly others: Readonly<Record<string, unknown>>;
}

const shown = { threshold: 0.5, showStrengths: false, examples: 7, maxTokens: 99, temperature: 0.7 };
const classified = { examplesPerPrompt: 3, confidence: true, seed: 5 };
const projected = { top: 5, against: [1, 2], coder: other, model: { ...subject.model, hash: "other" } };
const limits = { maxTokens: 99, temperature: 0.7 };

const explainers: Record<string, Case<Explainer>> = {
  topActivations: { make: (o) => saelab.topActivations(llm, o), others: shown },
  chainOfThought: { make: (o) => saelab.chainOfThought(llm, o), others: shown },
  contrastive: { make: (o) => saelab.contrastive(llm, o), others: { ...shown, silent: 3 } },
  executable: { make: (o) => saelab.executable(llm, o), others: shown },
  singleToken: { make: (o) => saelab.singleToken(llm, o), others: { ...shown, most: 3 } },
  tokenSpace: { make: (o) => saelab.tokenSpace(llm, o), others: { ...limits, tokens: 9 } },
  vocabulary: {
    make: (o) => saelab.vocabulary(llm, { ...subject, ...o }),
    others: { ...limits, ...projected },
  },
  inputOutput: {
    make: (o) => saelab.inputOutput(llm, { ...subject, ...o }),
    others: { ...shown, ...projected },
  },
  bestOf: {
    make: (o) => saelab.bestOf(explainer, { scorer, ...o }),
    others: { scorer: saelab.detection(llm, { seed: 5 }), n: 2, seed: 5 },
  },
  refine: {
    make: (o) => saelab.refine(explainer, { llm, scorer, ...o }),
    others: {
      ...shown,
      llm: { ...llm, name: "another" },
      scorer: saelab.detection(llm, { seed: 5 }),
      rounds: 1,
      budget: 1000,
      mistakes: 2,
    },
  },
  bothSigns: {
    make: (o) => saelab.bothSigns(explainer, { otherSide: () => undefined, ...o }),
    others: { otherSide: (examples: saelab.LatentExamples) => examples },
  },
  severalSenses: {
    make: (o) => saelab.severalSenses(explainer, { embedder, ...o }),
    others: { embedder: another, most: 2, least: 0.2, alike: 0.5, around: 2 },
  },
};

const scorers: Record<string, Case<Scorer>> = {
  detection: { make: (o) => saelab.detection(llm, o), others: classified },
  fuzzing: {
    make: (o) => saelab.fuzzing(llm, o),
    others: { ...classified, negatives: ["wrong-tokens"], threshold: 0.5 },
  },
  intruder: { make: (o) => saelab.intruder(llm, o), others: { shown: 4, threshold: 0.5, seed: 5 } },
  responsiveness: { make: (o) => saelab.responsiveness(llm, o), others: { examplesPerPrompt: 3, seed: 5 } },
  simulation: { make: (o) => saelab.simulation(llm, o), others: { windows: "all" } },
  embedding: { make: (o) => saelab.embedding(embedder, o), others: { instruction: "Query:" } },
  exampleEmbedding: { make: (o) => saelab.exampleEmbedding(embedder, o), others: { contrast: 3 } },
  generation: { make: (o) => saelab.generation(llm, subject, o), others: { texts: 3 } },
  sensitivity: {
    make: (o) => saelab.sensitivity(llm, subject, o),
    others: { texts: 3, examples: 4, seed: 5 },
  },
  execution: { make: (o) => saelab.execution(o), others: { cache: { hash: "another cache" } } },
};

/** Makers without options: another task or model is another name. */
const plain = ["delphiScorer", "surprisal"];

const folder = mkdtempSync(join(tmpdir(), "saelab-settings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let cache: LatentCache;
beforeAll(async () => {
  cache = await toyCache();
});

/** The folders that runs of these leave in one directory, and what the last says that it is. */
async function foldersOf(...runs: Partial<InterpretOptions>[]) {
  const directory = mkdtempSync(join(folder, "runs-"));
  for (const run of runs) {
    const options = { explainer, scorers: [scorer], onProgress: false as const, directory, ...run };
    for await (const _ of saelab.interpret(cache, [], options));
  }
  return readdirSync(directory).map((name) => ({
    name,
    recipe: JSON.parse(readFileSync(join(directory, name, "run.json"), "utf8")).settings,
  }));
}

const cases = <T>(of: Record<string, Case<T>>) =>
  Object.entries(of).flatMap(([name, { make, others }]) =>
    Object.keys(others).map((option) => [name, option, make, others] as const),
  );

describe("a run with another value of an option", () => {
  it.each(cases(explainers))("%s: %s has a folder of its own", async (_, option, make, others) => {
    const [first, second] = [make({}), make({ [option]: others[option] })];
    expect(await foldersOf({ explainer: first }, { explainer: second })).toHaveLength(2);
    expect(
      await foldersOf({ explainer: second }, { explainer: make({ [option]: others[option] }) }),
    ).toHaveLength(1);
  });

  it.each(cases(scorers))("%s: %s has a folder of its own", async (_, option, make, others) => {
    const [first, second] = [make({}), make({ [option]: others[option] })];
    expect(await foldersOf({ scorers: [first] }, { scorers: [second] })).toHaveLength(2);
    expect(
      await foldersOf({ scorers: [second] }, { scorers: [make({ [option]: others[option] })] }),
    ).toHaveLength(1);
  });

  it("is looked at for every maker of the package", () => {
    const source = readFileSync(join(import.meta.dirname, "..", "..", "src", "index.ts"), "utf8");
    const lines = source.matchAll(/^export \{([^}]*)\} from "\.\/(?:explain|score)\//gm);
    const made = [...lines].flatMap(([, names]) =>
      (names ?? "")
        .split(",")
        .flatMap((name) => (/^\s*[a-z]/.test(name) && !/^\s*type /.test(name) ? name.trim() : [])),
    );
    const noMakers = [
      "agreement",
      "correctedByPeople",
      "delphiMetrics",
      "delphiWeightedF1",
      "oppositeLatent",
      "scoreCard",
      "vocabularyProjection",
    ];
    expect(made.filter((name) => !noMakers.includes(name)).sort()).toEqual(
      [...Object.keys(explainers), ...Object.keys(scorers), ...plain].sort(),
    );
  });
});

describe("a run that asks a model with other settings", () => {
  const server = (name: string) => ({ settings: { server: name } });
  const subjects = { model: subject.model, coder: subject.coder };
  const scorersOf = (name: string): Scorer[] => {
    const [text, vectors] = [
      { ...llm, ...server(name) },
      { ...embedder, ...server(name) },
    ];
    const likely = { ...saelab.patternTokenScorer(), ...server(name) };
    return [
      ...[saelab.detection, saelab.fuzzing, saelab.simulation].flatMap((of) => [of(text), of(likely)]),
      ...[saelab.intruder, saelab.responsiveness].map((of) => of(text)),
      ...[saelab.generation, saelab.sensitivity].map((of) => of(text, subjects)),
      ...[saelab.embedding, saelab.exampleEmbedding].map((of) => of(vectors)),
      ...[saelab.surprisal(likely), saelab.delphiScorer("detection", text)],
    ];
  };
  const explainersOf = (name: string): Explainer[] => [
    saelab.topActivations({ ...llm, ...server(name) }),
    saelab.refine(explainer, { llm: { ...llm, ...server(name) }, scorer }),
    saelab.severalSenses(explainer, { embedder: { ...embedder, ...server(name) } }),
  ];

  it.each(scorersOf("a").map((one, i) => [`${one.name} by ${one.model}`, i] as const))(
    "%s: has a folder of its own",
    async (_, i) => {
      const runs = ["a", "b", "a"].map((name) => ({ scorers: [scorersOf(name)[i] as Scorer] }));
      expect(await foldersOf(...runs)).toHaveLength(2);
    },
  );

  it.each(explainersOf("a").map(({ name }, i) => [name, i] as const))(
    "%s: has a folder of its own",
    async (_, i) => {
      const runs = ["a", "b", "a"].map((name) => ({ explainer: explainersOf(name)[i] as Explainer }));
      expect(await foldersOf(...runs)).toHaveLength(2);
    },
  );
});

describe("run.json", () => {
  it("says the whole recipe, whoever is asked within whom", async () => {
    const chosen = saelab.bestOf(saelab.topActivations(llm, { threshold: 0.5 }), { scorer, n: 2 });
    const drawn = saelab.generation(llm, subject, { texts: 3 });
    const [run] = await foldersOf({
      explainer: chosen,
      scorers: [drawn],
      examples: { train: 20 },
      nulls: false,
    });
    expect(run?.recipe).toEqual({
      saelab: expect.stringMatching(/^\d/),
      cache: cache.hash,
      explainer: {
        name: "top-activations best-of-2 by detection",
        model: "m",
        explainer: { name: "top-activations", model: "m", threshold: 0.5 },
        scorer: { name: "detection", model: "m" },
        n: 2,
      },
      scorers: [
        {
          name: "generation",
          model: "m",
          subject: { coder: expect.stringMatching(/^\S+ /), model: expect.stringMatching(/^\S+ /) },
          texts: 3,
        },
      ],
      examples: { train: 20 },
      nulls: false,
    });
  });
});

describe("settingsOf()", () => {
  it("gives plain values by name, in whatever order they were given", () => {
    const budget = Number.POSITIVE_INFINITY;
    const settings = settingsOf({
      seed: 22,
      budget,
      kinds: ["a"],
      none: undefined,
      rows: Int32Array.of(1, 2),
    });
    expect(JSON.stringify(settings)).toBe('{"budget":"Infinity","kinds":["a"],"rows":[1,2],"seed":22}');
    expect(JSON.stringify(settingsOf({ b: 1, a: { d: 2, c: 3 } }))).toBe('{"a":{"c":3,"d":2},"b":1}');
  });

  it("tells functions apart by what they are", () => {
    const of = (otherSide: () => unknown) => settingsOf({ otherSide }).otherSide;
    expect(of(() => 1)).not.toBe(of(() => 2));
    expect(of(function named() {})).toMatch(/^named [0-9a-f]{12}$/);
  });
});
