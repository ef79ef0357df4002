/**
 * Latents whose truth is known: a model over any tokenizer whose one hookpoint holds, at each position, how strongly each
 * rule fires there. `neuronCoder` makes latents of it, so that cache, sampling and scorers run as they do on a real model.
 */
import { createHash } from "node:crypto";
import type { SubjectModel } from "../../src/model/subject-model.js";
import type { Tokenizer } from "../../src/model/tokenizer.js";
import { neuronCoder } from "../../src/sparse/neuron-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { sizeOf, type Tensor, tensor } from "../../src/tensor.js";

/** A context as rules read it. */
export interface PlantedContext {
  readonly text: string;
  /** Where each token's text begins, and behind the last its end: UTF-16 offsets, one more than tokens. */
  readonly starts: Int32Array;
}

/** How strongly a latent fires at each token of a context: >= 0. */
export type Rule = (context: PlantedContext) => Float32Array;

export const plantedHookpoint = "planted";

/**
 * A model whose activations at `planted` are `rules`, in their order. It predicts what `predictor`, a model with the same
 * tokenizer, does, else nothing.
 */
export function plantedModel(
  tokenizer: Tokenizer,
  rules: Readonly<Record<string, Rule>>,
  predictor?: Pick<SubjectModel, "logits">,
): SubjectModel {
  const names = Object.keys(rules);
  return {
    name: "planted",
    hash: createHash("sha256")
      .update(`${tokenizer.hash} ${names.join(" ")}`)
      .digest("hex"),
    tokenizer,
    hookpoints: [{ name: plantedHookpoint, alias: undefined, width: names.length }],
    dModel: names.length,
    contextLength: 128,
    async activations(tokens: Tensor<Int32Array>, hookpoints: readonly string[]) {
      const [contexts, length] = tokens.shape;
      const values = new Float32Array(contexts * length * names.length);
      for (let c = 0; c < contexts; c++) {
        const context = read(tokenizer, tokens.data.subarray(c * length, (c + 1) * length));
        names.forEach((name, latent) => {
          rules[name](context).forEach((activation, i) => {
            values[(c * length + i) * names.length + latent] = activation;
          });
        });
      }
      return new Map(hookpoints.map((name) => [name, tensor(values, [contexts, length, names.length])]));
    },
    async logits(tokens) {
      if (predictor) return predictor.logits(tokens);
      const shape = [...tokens.shape, tokenizer.vocabSize];
      return tensor(new Float32Array(sizeOf(shape)), shape);
    },
    close: async () => {},
  };
}

/** Each rule of a planted model as one latent, in their order. */
export function plantedCoder(model: SubjectModel): SparseCoder {
  return neuronCoder(model, plantedHookpoint, { k: model.dModel });
}

/** Fires on every token of each match; or on those that hold the group `on`, where the expression has it. */
export function onMatches(expression: RegExp): Rule {
  const all = new RegExp(expression.source, `${expression.flags.replace(/[gd]/g, "")}dg`);
  return ({ text, starts }) => {
    const activations = new Float32Array(starts.length - 1);
    for (const match of text.matchAll(all)) {
      const [start, end] = match.indices?.groups?.on ?? match.indices?.[0] ?? [0, 0];
      const strength = strengthOf(text, start);
      for (let i = 0; i < activations.length; i++) {
        const inside = starts[i] < end && starts[i + 1] > start && starts[i] < starts[i + 1];
        if (inside) activations[i] = strength;
      }
    }
    return activations;
  };
}

/** Fires where any of the rules does. */
export function union(...rules: readonly Rule[]): Rule {
  return (context) => {
    const all = rules.map((rule) => rule(context));
    return all[0].map((_, i) => Math.max(...all.map((activations) => activations[i])));
  };
}

/** Fires by position alone. */
export function atPositions(fires: (position: number) => boolean): Rule {
  return ({ text, starts }) =>
    Float32Array.from({ length: starts.length - 1 }, (_, i) => (fires(i) ? strengthOf(text, starts[i]) : 0));
}

/** Fires on that share of the positions, whatever stands there. */
export function noise(rate: number): Rule {
  return ({ text, starts }) =>
    Float32Array.from({ length: starts.length - 1 }, (_, i) => {
      const draw = hash(`${text.slice(0, 40)} ${i} noise`) / 2 ** 32;
      return draw < rate ? strengthOf(text, starts[i]) : 0;
    });
}

/** From 1 to 9: depends on the text around, not on what the rule says, so that quantiles mean nothing. */
function strengthOf(text: string, start: number): number {
  return 1 + (8 * hash(text.slice(Math.max(0, start - 12), start + 12))) / 2 ** 32;
}

function read(tokenizer: Tokenizer, ids: Int32Array): PlantedContext {
  const pieces = tokenizer.pieces(ids);
  // BOS is no text.
  const texts = pieces.map((piece, i) => (ids[i] === tokenizer.bosId ? "" : piece));
  const starts = new Int32Array(texts.length + 1);
  texts.forEach((piece, i) => {
    starts[i + 1] = starts[i] + piece.length;
  });
  return { text: texts.join(""), starts };
}

/** FNV-1a with murmur3's finaliser. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
