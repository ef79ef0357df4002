/** Explanations that are right and corrupted ones: which of them a scorer tells apart. */
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { LatentExamples } from "../../src/examples/example.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { patternOf } from "../../src/llm/pattern/judge-text.js";
import { seededRandom } from "../../src/random.js";
import type { Score, Scorer } from "../../src/score/scorer.js";
import type { Subject } from "../../src/sparse/activations-of.js";
import { clusteredMean } from "../../src/stats/clustered-mean.js";
import type { Estimate } from "../../src/stats/estimate.js";
import { type Concept, conceptExamples, labelledWindows } from "../llm/pattern/labelled-latents.js";
import { explanation } from "./made-examples.js";
import { ladderExamples, type PlantedName, planted, plantedLatent, plantedNames } from "./planted-latents.js";

/**
 * `broad` holds wherever the latent fires, and elsewhere; `narrow` in a part of these places only. `wrong` is the right one of
 * another latent: sentences permuted among latents. `shuffled` is the right one's own words in an order in which they
 * mean something else; a list of words has none.
 */
export const corruptions = ["broad", "narrow", "wrong", "shuffled", "blank"] as const;
export type Corruption = (typeof corruptions)[number];

/** What somebody who knows the truth says of a latent. */
interface Described {
  readonly right: string;
  readonly broad: string;
  readonly narrow: string;
}

/** The right sentence, and those that are not. */
type Sentences = Readonly<{ right: string } & Partial<Record<Corruption, string>>>;

/** A latent whose truth is known, and all sentences about it. */
export interface GauntletLatent {
  readonly name: string;
  readonly examples: LatentExamples;
  readonly sentences: Sentences;
}

/** What one scorer made of each sentence about one latent. */
export interface GauntletRow {
  readonly latent: string;
  readonly scores: Readonly<{ right: Score } & Partial<Record<Corruption, Score>>>;
}

/** Planted latents that a sentence about text describes. */
export const described = plantedNames.filter((name) => planted[name].right !== undefined);

/** Planted latents that none does. */
export const indescribable = plantedNames.filter((name) => planted[name].right === undefined);

export async function plantedGauntlet(world: {
  cache: LatentCache;
  subject: Subject;
}): Promise<GauntletLatent[]> {
  const sentences = new Map(described.map((name) => [name as string, planted[name] as Described]));
  const examples = await ladderExamples(world, described);
  return withCorruptions(sentences, (name) => examples.get(name as PlantedName));
}

/** The same on the windows that a run takes that asks for nothing: which negatives are hard is left to the defaults. */
export function plantedByDefault(cache: LatentCache): GauntletLatent[] {
  const sentences = new Map(described.map((name) => [name as string, planted[name] as Described]));
  return withCorruptions(sentences, (name) =>
    sampleExamples(cache, plantedLatent(cache, name as PlantedName)),
  );
}

/** Sentences about concepts whose places the texts of the demo world are labelled with. */
const concepts: Partial<Record<Concept, Described>> = {
  animal: {
    right: "an animal",
    broad: "an animal; or a person",
    narrow: "the word “dog”, “cat” or “horse”",
  },
  clothing: {
    right: "something to wear",
    broad: "something to wear; or a colour",
    narrow: "the word “hat” or “coat”",
  },
  colour: { right: "a colour", broad: "a colour; or an animal", narrow: "the word “red” or “blue”" },
  job: { right: "a job", broad: "a job; or a family member", narrow: "the word “doctor” or “teacher”" },
  month: {
    right: "a month",
    broad: "a month; or a day of the week",
    narrow: "the word “may” or “june”",
  },
  negation: { right: "a negation", broad: "a negation; or a helping verb", narrow: "the word “never”" },
  ordinal: {
    right: "an ordinal",
    broad: "an ordinal; or a number word",
    narrow: "the word “first”",
  },
  "speech-verb": {
    right: "a verb of speech",
    broad: "a verb of speech; or a verb of motion",
    narrow: "the word “asked”",
  },
  weather: {
    right: "a weather word",
    broad: "a weather word; or a place in nature",
    narrow: "the word “rain” or “snow”",
  },
  weekday: {
    right: "a day of the week",
    broad: "a day of the week; or a time word",
    narrow: "the word “monday”",
  },
};

export function labelledGauntlet(): GauntletLatent[] {
  const windows = labelledWindows(400);
  const names = Object.keys(concepts) as Concept[];
  return withCorruptions(new Map(Object.entries(concepts)), (name) =>
    conceptExamples(name as Concept, windows, { others: names.filter((other) => other !== name) }),
  );
}

function withCorruptions(
  described: ReadonlyMap<string, Described>,
  examplesOf: (name: string) => LatentExamples | undefined,
): GauntletLatent[] {
  const names = [...described.keys()];
  return names.map((name, i) => {
    const { right, broad, narrow } = described.get(name) as Described;
    const wrong = described.get(names[(i + 1) % names.length])?.right ?? "";
    const shuffled = shuffledWords(right, name);
    const examples = examplesOf(name);
    if (!examples) throw new Error(`Cannot score "${name}": its windows are too few`);
    const sentences = { right, broad, narrow, wrong, ...(shuffled && { shuffled }), blank: "" };
    return { name, examples, sentences };
  });
}

/** The words in an order in which the embedded judge takes them for something else; `undefined` where 100 draws find none. */
function shuffledWords(sentence: string, seed: string): string | undefined {
  const random = seededRandom("shuffled sentences").fork(seed);
  const words = sentence.split(" ");
  const drawn = Array.from({ length: 100 }, () => random.shuffle(words).join(" "));
  return drawn.find((shuffled) => meaningOf(shuffled) !== meaningOf(sentence));
}

/** Equal for sentences that differ in the order of words of a list alone. */
function meaningOf(sentence: string): string {
  const isList = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((entry) => typeof entry === "string");
  const inOrder = (_: string, value: unknown) => (isList(value) ? [...value].sort() : value);
  return JSON.stringify(patternOf(sentence) ?? null, inOrder);
}

/** Scores all sentences about each latent. */
export async function gauntlet(latents: readonly GauntletLatent[], scorer: Scorer): Promise<GauntletRow[]> {
  const rows: GauntletRow[] = [];
  for (const { name, examples, sentences } of latents) {
    const scores: [string, Score][] = [];
    for (const [which, text] of Object.entries(sentences)) {
      scores.push([which, await scorer.score(explanation(text, examples.latent), examples)]);
    }
    rows.push({ latent: name, scores: Object.fromEntries(scores) as GauntletRow["scores"] });
  }
  return rows;
}

/** Which number of a score is looked at. */
export type Reading = (score: Score) => number | undefined;

/** How the right sentences stand to those corrupted in one way: names of latents. */
export interface Standing {
  /** The right one scores higher. */
  readonly above: readonly string[];
  readonly tied: readonly string[];
  readonly below: readonly string[];
  /** The scorer gives the corrupted one no score, as its judge cannot read it. */
  readonly refused: readonly string[];
  /** Mean over latents of right less corrupted, of those that have both; with its interval. */
  readonly margin: Estimate | undefined;
}

/** How a scorer ranks the right sentences and those corrupted in one way; a right one without a score is below. */
export function standing(
  rows: readonly GauntletRow[],
  corruption: Corruption,
  reading: Reading = ({ value }) => value,
): Standing {
  const found: Record<Exclude<keyof Standing, "margin">, string[]> = {
    above: [],
    tied: [],
    below: [],
    refused: [],
  };
  const margins: number[] = [];
  for (const { latent, scores } of rows) {
    const score = scores[corruption];
    if (!score) continue;
    const [right, corrupted] = [reading(scores.right) ?? Number.NaN, reading(score)];
    if (corrupted === undefined) found.refused.push(latent);
    else {
      const margin = right - corrupted;
      found[margin > 1e-9 ? "above" : margin >= -1e-9 ? "tied" : "below"].push(latent);
      if (!Number.isNaN(margin)) margins.push(margin);
    }
  }
  const margin = margins.length > 1 ? clusteredMean(margins, [...margins.keys()]) : undefined;
  return { ...found, margin };
}

/**
 * What a sentence claims and what it leaves out: the harmonic mean of generation's share of texts that fire and detection's
 * share of firing windows that are found.
 */
export function withRecall(generating: Scorer, detecting: Scorer): Scorer {
  return {
    ...generating,
    async score(...args) {
      const [generated, detected] = [await generating.score(...args), await detecting.score(...args)];
      const [precision, recall] = [generated.value, detected.truePositiveRate];
      const both = precision !== undefined && recall !== undefined;
      const mean = both
        ? (2 * precision * recall) / Math.max(precision + recall, Number.MIN_VALUE)
        : undefined;
      return { ...generated, value: mean, interval: undefined };
    },
  };
}
