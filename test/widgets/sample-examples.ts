import type { Example, LatentExamples, Window } from "../../src/examples/example.js";
import { seededRandom } from "../../src/random.js";

export interface SampleOptions {
  readonly seed?: number;
  /** Windows of each quantile, half of them for explainers. */
  readonly perQuantile?: number;
  readonly quantiles?: number;
  readonly nonActivating?: number;
  readonly windowLength?: number;
}

const sentences = [
  "Anna looked out of the window and saw the rain falling on the garden again.",
  "The storm came in from the sea, and by noon the wind had broken two old trees.",
  '"It is cold," said Tom.\n"Take your coat, there will be snow before the evening."',
  "Mix 200 g of flour with sugar, add the eggs one by one and stir until it is smooth.",
  "The home team won 3 : 1 after a quiet first half under a grey, cloudy sky.",
  "Tomorrow: sunny spells, light showers in the west, 14 to 17 degrees.\n\n",
  "function rain(drops) { return drops.map((d) => d * 2); } // <b>wet</b>",
  "Il pleut depuis ce matin et le vent souffle fort sur la côte.",
  "Im Winter schneit es hier oft, im Sommer gibt es Gewitter und Hagel.",
  "She paid $ 41.50 for the umbrella and went home in the drizzle 🌧️.",
  "今日は雨が降っています。 And tomorrow it will be sunny.",
  "ירד גשם כל הלילה, and then the sun came out.",
];
const weather =
  /^\s?(rain|storm|wind|cold|snow|sunny|showers|cloudy|degrees|pleut|vent|schneit|Gewitter|Hagel|drizzle|umbrella|雨|sun|גשם|sky|Winter)/i;

/** Examples of an imagined latent that fires on words of the weather: a table of made-up windows. */
export function sampleLatentExamples(options: SampleOptions = {}): LatentExamples {
  const { seed = 1, perQuantile = 10, quantiles = 10, nonActivating = 40, windowLength = 32 } = options;
  const random = seededRandom(seed);
  const maxActivation = 12.31;
  const window = (strength: number, context: number): Window => {
    const pieces = windowPieces(random, windowLength);
    const activations = Float32Array.from(pieces, (piece) =>
      strength > 0 && weather.test(piece) ? strength * (0.25 + 0.75 * random.random()) : 0,
    );
    if (strength > 0) activations[random.integer(windowLength)] = strength;
    const tokens = Int32Array.from(pieces, (piece) => piece.length * 37 + (piece.codePointAt(1) ?? 7));
    return { context, start: random.integer(200), tokens, pieces, activations };
  };
  const train: Example[] = [];
  const test: Example[] = [];
  for (let quantile = 0; quantile < quantiles; quantile++) {
    for (let i = 0; i < perQuantile; i++) {
      const share = 1 - (quantile + i / perQuantile) / quantiles;
      const peak = Math.fround(maxActivation * share ** 1.5);
      const made = window(peak, quantile * perQuantile + i);
      (i % 2 === 0 ? train : test).push({ ...made, quantile, peak });
    }
  }
  const silent = Array.from({ length: nonActivating }, (_, i) => window(0, 10_000 + i));
  return {
    latent: { hookpoint: "layers.2", index: 17 },
    train,
    test,
    nonActivating: silent,
    maxActivation,
    density: 0.0024,
    windowCount: 1204,
    firingRate: 0.05,
    windowLength,
    quantiles,
    hash: "0".repeat(64),
  };
}

/** Pieces as a byte-pair tokenizer makes them: a word with the blank before it, or a part of one. */
function windowPieces(random: ReturnType<typeof seededRandom>, length: number): string[] {
  const pieces: string[] = [];
  while (pieces.length < length + 8) {
    const words = random.pick(sentences).match(/\n| ?[\p{L}\p{M}]+| ?\p{N}| ?[^\s\p{L}\p{N}]+| /gu) ?? [];
    for (const word of words) {
      const cut = word.length > 6 && random.random() < 0.3 ? word.length - 3 : word.length;
      pieces.push(...[word.slice(0, cut), word.slice(cut)].filter((piece) => piece !== ""));
    }
    pieces.push(" ");
  }
  const from = random.integer(8);
  return pieces.slice(from, from + length);
}
