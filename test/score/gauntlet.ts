/** Explanations that are right and corrupted ones: which of them a scorer tells apart. */
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { LatentExamples } from "../../src/examples/example.js";
import { seededRandom } from "../../src/random.js";
import type { Score, Scorer } from "../../src/score/scorer.js";
import { type Concept, conceptExamples, labelledWindows } from "../llm/pattern/labelled-latents.js";
import { explanation } from "./made-examples.js";
import { planted, plantedExamples, plantedNames } from "./planted-latents.js";

/**
 * `broad` holds wherever the latent fires, and elsewhere; `narrow` in a part of these places only. `wrong` is the right one of
 * another latent: sentences permuted among latents. `shuffled` is the right one's own words in another order.
 */
export const corruptions = ["broad", "narrow", "wrong", "shuffled", "blank"] as const;
export type Corruption = (typeof corruptions)[number];

/** What somebody who knows the truth says of a latent. */
interface Described {
  readonly right: string;
  readonly broad: string;
  readonly narrow: string;
}

/** A latent whose truth is known, and all sentences about it. */
export interface GauntletLatent {
  readonly name: string;
  readonly examples: LatentExamples;
  readonly sentences: Readonly<Record<"right" | Corruption, string>>;
}

/** What one scorer made of each sentence about one latent. */
export interface GauntletRow {
  readonly latent: string;
  readonly scores: Readonly<Record<"right" | Corruption, Score>>;
}

/** Planted latents that a sentence about text describes. */
export const described = plantedNames.filter((name) => planted[name].right !== undefined);

/** Planted latents that none does. */
export const indescribable = plantedNames.filter((name) => planted[name].right === undefined);

export function plantedGauntlet(cache: LatentCache): GauntletLatent[] {
  const sentences = new Map(described.map((name) => [name as string, planted[name] as Described]));
  return withCorruptions(sentences, (name) => plantedExamples(cache, name as (typeof described)[number]));
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
  return withCorruptions(new Map(Object.entries(concepts)), (name) => {
    const examples = conceptExamples(name as Concept, windows);
    if (!examples) throw new Error(`Cannot score "${name}": its windows are too few`);
    return examples;
  });
}

function withCorruptions(
  described: ReadonlyMap<string, Described>,
  examplesOf: (name: string) => LatentExamples,
): GauntletLatent[] {
  const names = [...described.keys()];
  return names.map((name, i) => {
    const { right, broad, narrow } = described.get(name) as Described;
    const wrong = described.get(names[(i + 1) % names.length])?.right ?? "";
    const shuffled = shuffledWords(right, name);
    return {
      name,
      examples: examplesOf(name),
      sentences: { right, broad, narrow, wrong, shuffled, blank: "" },
    };
  });
}

function shuffledWords(sentence: string, seed: string): string {
  const random = seededRandom("shuffled sentences").fork(seed);
  const words = sentence.split(" ");
  if (new Set(words).size < 2) throw new Error(`Cannot shuffle "${sentence}": it has one word`);
  for (;;) {
    const shuffled = random.shuffle(words).join(" ");
    if (shuffled !== sentence) return shuffled;
  }
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

/** Whether a scorer puts the right sentence above a corrupted one; one that it cannot judge at all counts as below. */
export function tellsApart(
  { scores }: GauntletRow,
  corruption: Corruption,
  reading: Reading = ({ value }) => value,
): boolean {
  const [right, corrupted] = [reading(scores.right), reading(scores[corruption])];
  return right !== undefined && right > (corrupted ?? Number.NEGATIVE_INFINITY);
}
