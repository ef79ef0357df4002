import { setImmediate } from "node:timers/promises";
import { callSignal } from "../../progress.js";
import { type Tensor, tensor } from "../../tensor.js";
import type { Embedder } from "../embedder.js";
import { segment, type Unit } from "../pattern/document.js";
import { normalise } from "./normalise.js";
import { type Feature, textFeatures } from "./text-features.js";

const dimensions = 1024;
const textsPerTurn = 256;
const quotedWeight = 3;

/**
 * An embedder that needs no model: deterministic, the same on every machine. Texts are alike if they share words, parts of
 * words, or members of the word classes that the pattern language names (animals, weather, French words, negations …); a
 * class's name stands near its members, so “the weather” finds texts with rain in them.
 *
 * What it cannot do: it knows no other meanings, no order of words and no grammar, and little besides English. On labelled
 * text of the demo world it finds texts of a class from the class's description about as well as a small sentence model
 * does (`bench/local-llm.ts` measures it), because that text is made of such classes; elsewhere take a real model
 * (`localEmbedder`).
 *
 * Features are hashed to a place and a sign (Weinberger et al. 2009, “Feature hashing for large scale multitask
 * learning”); a word that occurs c times counts 1 + ln c. Words in “quotation marks” count three times, as explanations
 * quote what they are about; articles, pronouns and the like count less.
 */
export function builtInEmbedder(): Embedder {
  return {
    name: "words and word classes (embedded)",
    async embed(texts, options = {}): Promise<Tensor> {
      const signal = callSignal(options);
      const vectors = new Float32Array(texts.length * dimensions);
      for (const [i, text] of texts.entries()) {
        if (i % textsPerTurn === 0) {
          signal?.throwIfAborted();
          await setImmediate();
        }
        addText(vectors.subarray(i * dimensions, (i + 1) * dimensions), text);
      }
      return tensor(vectors, [texts.length, dimensions]);
    },
  };
}

interface Counted {
  readonly features: readonly Feature[];
  weight: number;
  count: number;
}

function addText(vector: Float32Array, text: string): void {
  const counted = new Map<string, Counted>();
  let quoted = false;
  for (const unit of segment(text).units) {
    if (unit.text === "“") quoted = true;
    else if (unit.text === "”") quoted = false;
    else count(counted, unit, quoted);
  }
  for (const { features, weight, count: times } of counted.values()) {
    const factor = weight * (1 + Math.log(times));
    for (const { hash, weight: own } of features) {
      // The lowest bits say where, the highest says which sign.
      vector[hash % dimensions] += (hash >= 2 ** 31 ? -1 : 1) * own * factor;
    }
  }
  vector.set(normalise(vector));
}

function count(counted: Map<string, Counted>, unit: Unit, quoted: boolean): void {
  const known = counted.get(unit.text);
  if (known) {
    known.count++;
    if (quoted) known.weight = quotedWeight;
    return;
  }
  const { features, weight } = textFeatures(unit);
  counted.set(unit.text, { features, weight: quoted ? quotedWeight : weight, count: 1 });
}
