import type { Example, LatentExamples, Window } from "../../src/examples/example.js";
import type { Explanation } from "../../src/explain/explainer.js";
import type { Latent } from "../../src/latent.js";
import { noUsage } from "../../src/llm/text-model.js";
import { type Random, seededRandom } from "../../src/random.js";

/** Words of the made texts; every token is one word with a space before it. */
export const words =
  "the a dog ran over hill and saw old red house while rain fell on green field near river".split(" ");

/** A latent that fires on one token and nowhere else, in random text. */
export function tokenLatent(
  token: string,
  { train = 40, test = 50, nonActivating = 50, length = 32, seed = 1 } = {},
): LatentExamples {
  const random = seededRandom(seed);
  const firing = (i: number) => firingWindow(token, { context: i, length, random: random.fork(`f${i}`) });
  return {
    latent: { hookpoint: "layers.1", index: 7 },
    train: Array.from({ length: train }, (_, i) => firing(i)),
    test: Array.from({ length: test }, (_, i) => firing(train + i)),
    nonActivating: Array.from({ length: nonActivating }, (_, i) =>
      window(
        Array.from({ length }, () => ` ${random.pick(words)}`),
        [],
        { context: 1000 + i },
      ),
    ),
    maxActivation: 8,
    density: 0.01,
    windowCount: train + test,
    firingRate: 0.2,
    windowLength: length,
    quantiles: 10,
    hash: `token ${token}`,
  };
}

function firingWindow(token: string, options: { context: number; length: number; random: Random }): Example {
  const { context, length, random } = options;
  const pieces = Array.from({ length }, () => ` ${random.pick(words)}`);
  const at = random.integer(length);
  pieces[at] = token;
  const activation = 1 + random.integer(7);
  const active = pieces.map((piece, i) => [i, piece === token ? activation : 0] as const);
  const peak = activation;
  return { ...window(pieces, active, { context }), quantile: context % 10, peak };
}

/** A window from its pieces and `[token, activation]` pairs. */
export function window(
  pieces: readonly string[],
  active: readonly (readonly [number, number])[],
  { context = 0, start = 0 } = {},
): Window {
  const activations = new Float32Array(pieces.length);
  for (const [i, a] of active) activations[i] = a;
  return { context, start, tokens: Int32Array.from(pieces, (_, i) => i), pieces, activations };
}

/** An example from its pieces and `[token, activation]` pairs. */
export function example(
  pieces: readonly string[],
  active: readonly (readonly [number, number])[],
  { context = 0, quantile = 0 } = {},
): Example {
  return { ...window(pieces, active, { context }), quantile, peak: Math.max(...active.map(([, a]) => a)) };
}

export function explanation(text: string, latent: Latent = { hookpoint: "layers.1", index: 7 }): Explanation {
  return { latent, text, explainer: "by hand", model: "none", usage: noUsage };
}

/** Examples with given parts and nothing else. */
export function latentExamples(parts: Partial<LatentExamples>): LatentExamples {
  return { ...tokenLatent(" x", { train: 0, test: 0, nonActivating: 0 }), ...parts };
}
