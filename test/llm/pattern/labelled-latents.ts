/**
 * Latents as they would be if they were what people mean: each fires on the words of one concept of the demo
 * world, whose texts say which words those are. What an explainer makes of them is measured against the truth.
 */
import { type Concept, concepts, generateDocuments } from "../../../demo/world/index.js";
import type { Example, LatentExamples, Window } from "../../../src/examples/example.js";
import type { NegativeWindow } from "../../../src/examples/negative-ladder.js";
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

export interface ConceptExamplesOptions {
  train?: number;
  test?: number;
  /** Half of the silent windows hold one of these, in turn, and say where: negatives as of latents that fire beside it. */
  others?: readonly Concept[];
}

/** Examples of the latent of a concept; `undefined` where the concept is too rare or too common. */
export function conceptExamples(
  concept: Concept,
  windows: readonly LabelledWindow[],
  { train = 40, test = 50, others = [] }: ConceptExamplesOptions = {},
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
  const hard = windowsOfOthers(silent, others, { count: others.length > 0 ? test / 2 : 0, random });
  const plain = silent.filter(
    (window) => !hard.some(({ context, start }) => window.context === context && window.start === start),
  );
  return {
    latent: { hookpoint: "truth", index: concepts.indexOf(concept) },
    train: random.sample(forTrain, train).map(example),
    test: random.sample(forTest, test).map(example),
    nonActivating: [...random.sample(plain, test - hard.length).map(silentWindow), ...hard],
    maxActivation: 8,
    density: 0,
    windowCount: firing.length,
    firingRate: firing.length / windows.length,
    windowLength,
    quantiles: 1,
    hash: concept,
  };
}

function silentWindow({ context, start, pieces }: LabelledWindow): Window {
  const tokens = new Int32Array(pieces.length);
  return { context, start, tokens, pieces, activations: new Float32Array(pieces.length) };
}

function windowsOfOthers(
  silent: readonly LabelledWindow[],
  others: readonly Concept[],
  { count, random }: { count: number; random: Random },
): NegativeWindow[] {
  const left = new Set(random.shuffle(silent));
  return Array.from({ length: count }, (_, i) => others[i % others.length]).flatMap((other) => {
    const window = [...left].find(({ labels }) => labels.some((label) => label.has(other)));
    if (!window) return [];
    left.delete(window);
    const activations = Float32Array.from(window.labels, (label) => Number(label.has(other)));
    const by = { index: concepts.indexOf(other), activations };
    return [{ ...silentWindow(window), kind: "co-active" as const, other: by }];
  });
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
