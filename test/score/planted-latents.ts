import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateDocuments } from "../../demo/world/index.js";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { LatentExamples } from "../../src/examples/example.js";
import { negativeLadder } from "../../src/examples/negative-ladder.js";
import { sampleExamples } from "../../src/examples/sample-examples.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
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
  position: { rule: atPositions((position) => position >= 1 && position < 9) },
  noise: { rule: noise(0.01) },
  dense: { rule: noise(0.6) },
} as const satisfies Record<string, PlantedLatent>;

export type PlantedName = keyof typeof plantedLatents;
export const plantedNames = Object.keys(plantedLatents) as PlantedName[];

/** The same with the fields that some lack. */
export const planted: Readonly<Record<PlantedName, PlantedLatent>> = plantedLatents;

/** A cache of the planted latents in a folder of its own, which `remove` deletes, and what they are of. */
export async function plantedCache({ documents = 1200, seed = "planted" } = {}): Promise<{
  cache: LatentCache;
  subject: Subject;
  remove: () => Promise<void>;
}> {
  const directory = mkdtempSync(join(tmpdir(), "saelab-planted-"));
  const tokenizer = await loadTokenizer(join(import.meta.dirname, "../../demo/model"));
  const rules = Object.fromEntries(plantedNames.map((name) => [name, planted[name].rule]));
  const model = plantedModel(tokenizer, rules);
  const texts = [...generateDocuments({ seed, count: documents })].map(({ text }) => text);
  const coder = plantedCoder(model);
  const cache = await cacheLatents({ model, coder }, texts, { directory, onProgress: false });
  const remove = async () => {
    await coder.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { cache, subject: { model, coder }, remove };
}

/** Examples of a planted latent; half of the negatives are windows with its tokens, where there are such. */
export function plantedExamples(
  cache: LatentCache,
  name: PlantedName,
  { train = 40, test = 50 }: { train?: number; test?: number } = {},
): LatentExamples {
  const latent = { hookpoint: cache.hookpoint, index: plantedNames.indexOf(name) };
  const examples = sampleExamples(cache, latent, { train, test });
  const hard = negativeLadder(cache, examples, { kinds: ["same-token"], count: test / 2 });
  const random = examples.nonActivating.slice(0, Math.max(0, examples.nonActivating.length - hard.length));
  return { ...examples, nonActivating: [...random, ...hard] };
}
