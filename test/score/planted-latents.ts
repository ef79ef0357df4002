import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { LatentExamples } from "../../src/examples/example.js";
import { minimalEdits } from "../../src/examples/minimal-edits.js";
import { type SampleExamplesOptions, sampleExamples } from "../../src/examples/sample-examples.js";
import type { Latent } from "../../src/latent.js";
import { embedWindows } from "../../src/llm/embed-windows.js";
import { loadModel } from "../../src/model/load-model.js";
import type { Subject } from "../../src/sparse/activations-of.js";
import {
  atPositions,
  noise,
  onMatches,
  plantedCoder,
  plantedModel,
  type Rule,
  union,
} from "./planted-model.js";

/** A latent of known rule, and sentences about it in words that the embedded judge reads. */
export interface PlantedLatent {
  readonly rule: Rule;
  /** What a scorer must put above the others. Absent of latents that no sentence about text describes. */
  readonly right?: string;
  /** Holds wherever the latent fires, and elsewhere. */
  readonly broad?: string;
  /** Holds only where the latent fires, and not everywhere there. */
  readonly narrow?: string;
}

/** One latent of each kind, over the texts of the demo world. */
export const plantedLatents = {
  "one word": {
    rule: onMatches(/\bmust\b/i),
    right: "the word “must”",
    broad: "a helping verb",
    narrow: "the word “must” after “you”",
  },
  "a few words": {
    rule: onMatches(/\b(red|blue|green|yellow|purple|pink)\b/i),
    right: "the word “red”, “blue”, “green”, “yellow”, “purple” or “pink”",
    broad: "a colour; or a verb of motion; or a size or amount word",
    narrow: "the word “red” or “blue”",
  },
  "part of a word": {
    rule: onMatches(/(?<=\p{L})ing\b/u),
    right: "“ing” at the end of a word",
    broad: "“in”",
    narrow: "“king” at the end of a word",
  },
  "a phrase": {
    rule: onMatches(/\bdo (?<on>not)\b/i),
    right: "the word “not” after “do”",
    broad: "the word “not”",
    narrow: "the word “not” after “do” in text with “you”",
  },
  "a word in a context": {
    rule: onMatches(/\bat (?<on>quarter|half)\b/i),
    right: "the word “quarter” or “half” after “at”",
    broad: "the word “quarter” or “half”",
    narrow: "the word “quarter” after “at”",
  },
  "a word not in a context": {
    rule: onMatches(/(?<!\bdo )\bnot\b/i),
    right: "the word “not” but not [the word “not” after “do”]",
    broad: "the word “not”",
    narrow: "the word “not” after “is” or “was”",
  },
  "an ending with an exception": {
    rule: onMatches(/(?<=\p{L})(?<!\b(?:k|pack|send|com))ing\b/iu),
    right: "“ing” at the end of a word but not [“ing” in the word “king”, “packing”, “sending” or “coming”]",
    broad: "“ing” at the end of a word",
    narrow: "“ing” in the word “string”, “bring” or “waiting”",
  },
  "two senses": {
    rule: union(onMatches(/\b(dog|cat|rabbit|kitten|puppy)s?\b/i), onMatches(/\bquestion|\bminutes\b/i)),
    right:
      "a word that begins with “dog”, “cat”, “rabbit”, “kitten” or “pupp”; or a word that begins with “question” or “minutes”",
    broad: "an animal; or a time word; or a number word",
    narrow: "a word that begins with “dog”, “cat”, “rabbit”, “kitten” or “pupp”",
  },
  "a word before another": {
    rule: onMatches(/\b(?<on>of)(?= the\b)/i),
    right: "the word “of” before “the”",
    broad: "the word “of”",
    narrow: "the word “of” before “the” in text with “and”",
  },
  "a word after either of two": {
    rule: onMatches(/\b(?:he|she) (?<on>was|had)\b/i),
    right: "the word “was” or “had” after “he” or “she”",
    broad: "the word “was” or “had”",
    narrow: "the word “was” or “had” after “she”",
  },
  position: { rule: atPositions((position) => position >= 1 && position < 9) },
  noise: { rule: noise(0.01) },
  dense: { rule: noise(0.6) },
} as const satisfies Record<string, PlantedLatent>;

export type PlantedName = keyof typeof plantedLatents;
export const plantedNames = Object.keys(plantedLatents) as PlantedName[];

/** The same with the fields that some lack. */
export const planted: Readonly<Record<PlantedName, PlantedLatent>> = plantedLatents;

/**
 * A cache of the planted latents in a folder of its own, which `remove` deletes, and what they are of: a model that predicts
 * as the demo model does.
 */
export async function plantedCache({ documents = 1200, seed = "planted" } = {}): Promise<{
  cache: LatentCache;
  subject: Subject;
  remove: () => Promise<void>;
}> {
  const directory = mkdtempSync(join(tmpdir(), "saelab-planted-"));
  const predictor = await loadModel("demo");
  const rules = Object.fromEntries(plantedNames.map((name) => [name, planted[name].rule]));
  const model = plantedModel(predictor.tokenizer, rules, predictor);
  const texts = [...generateDocuments({ seed, count: documents })].map(({ text }) => text);
  const coder = plantedCoder(model);
  const cache = await cacheLatents({ model, coder }, texts, { directory, onProgress: false });
  const remove = async () => {
    await Promise.all([coder.close(), predictor.close()]);
    rmSync(directory, { recursive: true, force: true });
  };
  return { cache, subject: { model, coder }, remove };
}

/** Examples of a planted latent; half of the negatives are windows with its tokens, where there are such. */
export function plantedExamples(
  cache: LatentCache,
  name: PlantedName,
  options: SampleExamplesOptions = {},
): LatentExamples {
  const sampling = { test: 50, negatives: ["random", "same-token"], ...options } as const;
  return sampleExamples(cache, plantedLatent(cache, name), sampling);
}

export function plantedLatent({ hookpoint }: LatentCache, name: PlantedName): Latent {
  return { hookpoint, index: plantedNames.indexOf(name) };
}

/**
 * The same with negatives of the whole ladder: a third each at random, with its tokens and by embedding, and 20 windows
 * where it fires with one token changed.
 */
export async function ladderExamples(
  { cache, subject }: { cache: LatentCache; subject: Subject },
  names: readonly PlantedName[],
): Promise<Map<PlantedName, LatentExamples>> {
  const latents = names.map((name) => plantedLatent(cache, name));
  const embedded = await embedWindows(cache, { latents, onProgress: false });
  const negatives = ["random", "same-token", "embedding-neighbour"] as const;
  const found = new Map<PlantedName, LatentExamples>();
  for (const name of names) {
    const examples = plantedExamples(cache, name, { negatives, embedded });
    const edited = await minimalEdits(cache, examples, { ...subject, count: 20, onProgress: false });
    found.set(name, { ...examples, nonActivating: [...examples.nonActivating, ...edited] });
  }
  return found;
}
