/**
 * Latents as they would be if they were what people mean: each fires on the words of one concept of the demo
 * world, whose texts say which words those are. What an explainer makes of them is measured against the truth.
 */
import { type Concept, concepts, generateDocuments } from "../../../demo/world/index.js";
import type { Example, LatentExamples, Window } from "../../../src/examples/example.js";
import { type Random, seededRandom } from "../../../src/random.js";

export { type Concept, concepts } from "../../../demo/world/index.js";

const windowLength = 32;
const windowsPerContext = 4;

interface LabelledWindow {
  readonly context: number;
  readonly start: number;
  readonly pieces: readonly string[];
  readonly labels: readonly ReadonlySet<Concept>[];
}

/** Windows of words with their labels, in contexts of 128 words; documents follow each other. */
export function labelledWindows(count: number, seed = "labelled latents"): LabelledWindow[] {
  const tokens: { piece: string; labels: Set<Concept> }[] = [];
  for (const { text, spans } of generateDocuments({ seed, count })) {
    for (const { index, 0: piece } of text.matchAll(/\s*(?:[\p{L}\p{M}]+|\p{N}+|[^\s])/gu)) {
      const start = index + (piece.length - piece.trimStart().length);
      const inside = spans.filter((span) => span.start < index + piece.length && span.end > start);
      tokens.push({ piece, labels: new Set(inside.map(({ concept }) => concept)) });
    }
  }
  return Array.from({ length: Math.floor(tokens.length / windowLength) }, (_, i) => {
    const own = tokens.slice(i * windowLength, (i + 1) * windowLength);
    return {
      context: Math.floor(i / windowsPerContext),
      start: (i % windowsPerContext) * windowLength,
      pieces: own.map(({ piece }) => piece),
      labels: own.map(({ labels }) => labels),
    };
  });
}

/** Examples of the latent of a concept; `undefined` where the concept is too rare or too common. */
export function conceptExamples(
  concept: Concept,
  windows: readonly LabelledWindow[],
  { train = 40, test = 50 } = {},
): LatentExamples | undefined {
  const random = seededRandom(concept);
  const has = ({ labels }: LabelledWindow) => labels.some((label) => label.has(concept));
  const firing = windows.filter(has);
  const contexts = new Set(firing.map(({ context }) => context));
  const silent = windows.filter(({ context }) => !contexts.has(context));
  const forTrain = firing.filter(({ context }) => context % 2 === 0);
  const forTest = firing.filter(({ context }) => context % 2 === 1);
  if (forTrain.length < train || forTest.length < test || silent.length < test) return undefined;
  const example = (window: LabelledWindow): Example => activated(window, concept, random);
  return {
    latent: { hookpoint: "truth", index: concepts.indexOf(concept) },
    train: random.sample(forTrain, train).map(example),
    test: random.sample(forTest, test).map(example),
    nonActivating: random.sample(silent, test).map((window): Window => activated(window, concept, random)),
    maxActivation: 8,
    density: 0,
    windowCount: firing.length,
    windowLength,
    quantiles: 1,
    hash: concept,
  };
}

function activated(
  { context, start, pieces, labels }: LabelledWindow,
  concept: Concept,
  random: Random,
): Example {
  const activations = Float32Array.from(labels, (label) =>
    label.has(concept) ? 3 + 5 * random.random() : 0,
  );
  const peak = activations.reduce((max, a) => Math.max(max, a), 0);
  return { context, start, tokens: new Int32Array(pieces.length), pieces, activations, quantile: 0, peak };
}
