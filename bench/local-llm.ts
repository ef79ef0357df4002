/**
 * The local back ends: what embedders find in labelled text of the demo world, and how fast texts are embedded and scored.
 *
 *     npx tsx bench/local-llm.ts [--embedder FOLDER] [--scorer FOLDER]
 *
 * Task `description`: order windows of 24 words by their likeness to a sentence that describes a concept, e.g. “the
 * weather”; AUROC of windows with the concept (a labelled span) against windows without, averaged over concepts. Task
 * `examples`: the same by their likeness to the mean of ten other windows with the concept. 0.5 is chance.
 */
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { generateDocuments } from "../demo/world/index.js";
import type { Embedder } from "../src/llm/embedder.js";
import { builtInEmbedder } from "../src/llm/local/built-in-embedder.js";
import { localEmbedder } from "../src/llm/local/local-embedder.js";
import { localTokenScorer } from "../src/llm/local/local-token-scorer.js";
import { seededRandom } from "../src/random.js";
import { auroc } from "../src/stats/auroc.js";
import { mean } from "../src/stats/mean.js";
import { row } from "../src/tensor.js";

const descriptions: Readonly<Record<string, string>> = {
  animal: "animals such as cats, dogs and birds",
  code: "programming code",
  french: "text in French",
  german: "text in German",
  number: "numbers",
  "female-pronoun": "female pronouns such as she and her",
  negation: "negation: not, never, no",
  month: "names of months",
  money: "amounts of money and prices",
  question: "questions",
  weather: "the weather",
  colour: "colours",
  food: "food and eating",
  family: "family members: mother, father, sister",
  drink: "drinks such as tea and coffee",
  illness: "illness and health",
  music: "music",
  country: "names of countries",
  anger: "anger",
  plant: "plants and trees",
};
const windowWords = 24;
const [queries, perClass] = [10, 30];

interface Task {
  description: string;
  examples: string[];
  withConcept: string[];
  without: string[];
}

const { values } = parseArgs({ options: { embedder: { type: "string" }, scorer: { type: "string" } } });

await main();

async function main(): Promise<void> {
  const tasks = conceptTasks();
  const embedders: Embedder[] = [builtInEmbedder()];
  if (values.embedder) embedders.push(await localEmbedder(values.embedder));
  const rows = [];
  for (const embedder of embedders) rows.push(await embedderRow(embedder, tasks));
  console.table(rows);
  const scorers = [];
  for (const source of ["demo", ...(values.scorer ? [values.scorer] : [])])
    scorers.push(await scorerRow(source));
  console.table(scorers);
  const machine = {
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    load: loadavg()[0],
    node: process.version,
  };
  console.log(JSON.stringify({ bench: "local-llm", machine, concepts: tasks.length, rows, scorers }));
}

function conceptTasks(): Task[] {
  const windows = labelledWindows();
  return Object.entries(descriptions).flatMap(([concept, description]) => {
    const random = seededRandom(`bench/${concept}`);
    const texts = (has: boolean, n: number) =>
      random.sample(
        windows.filter(({ concepts }) => concepts.has(concept) === has).map(({ text }) => text),
        n,
      );
    const found = texts(true, queries + perClass);
    if (found.length < queries + perClass) return [];
    const without = texts(false, perClass);
    return [{ description, examples: found.slice(0, queries), withConcept: found.slice(queries), without }];
  });
}

function labelledWindows(): { text: string; concepts: Set<string> }[] {
  return [...generateDocuments({ seed: "corpus", count: 400 })].flatMap(({ text, spans }) => {
    const words = [...text.matchAll(/\S+\s*/g)];
    return words.flatMap((word, i) => {
      const last = words[i + windowWords - 1];
      if (i % (2 * windowWords) !== 0 || !last) return [];
      const [start, end] = [word.index, last.index + last[0].length];
      const inside = spans.filter((span) => span.start < end && span.end > start);
      return [
        { text: text.slice(start, end), concepts: new Set<string>(inside.map(({ concept }) => concept)) },
      ];
    });
  });
}

async function embedderRow(embedder: Embedder, tasks: readonly Task[]) {
  const found = { description: [] as number[], examples: [] as number[] };
  let [texts, seconds] = [0, 0];
  for (const { description, examples, withConcept, without } of tasks) {
    const all = [description, ...examples, ...withConcept, ...without];
    const start = performance.now();
    const vectors = await embedder.embed(all);
    seconds += (performance.now() - start) / 1000;
    texts += all.length;
    const vector = (i: number) => row(vectors, i);
    const centre = vector(1).map((_, k) => examples.reduce((sum, _, i) => sum + vector(1 + i)[k], 0));
    for (const [task, query] of [
      ["description", vector(0)],
      ["examples", centre],
    ] as const) {
      const likeness = (_: string, i: number) =>
        vector(1 + queries + i).reduce((sum, x, k) => sum + x * query[k], 0);
      const scores = [...withConcept, ...without].map(likeness);
      found[task].push(auroc(scores.slice(0, perClass), scores.slice(perClass)));
    }
  }
  return {
    embedder: embedder.name,
    description: round(mean(found.description).mean),
    examples: round(mean(found.examples).mean),
    textsPerSecond: Math.round(texts / seconds),
  };
}

/** Surprisal of windows after a long prefix: the first call reads the prefix, the second finds it read. */
async function scorerRow(source: string) {
  const scorer = await localTokenScorer(source, { tooLong: "cut prefix" });
  const windows = labelledWindows().map(({ text }) => text.slice(0, 80));
  const prefix = windows.slice(0, 20).join("\n").concat("\n");
  const time = async (texts: readonly string[]) => {
    const start = performance.now();
    const scores = await scorer.score(prefix, texts);
    const tokens = scores.reduce((sum, { pieces }) => sum + pieces.length, 0);
    return { seconds: (performance.now() - start) / 1000, tokens };
  };
  await scorer.score("The", ["dog"]);
  const first = await time(windows.slice(20, 60));
  const again = await time(windows.slice(60, 100));
  await scorer.close();
  return {
    scorer: scorer.name,
    firstTextsPerSecond: round(40 / first.seconds),
    againTextsPerSecond: round(40 / again.seconds),
    againTokensPerSecond: Math.round(again.tokens / again.seconds),
  };
}

function round(x: number): number {
  return Math.round(x * 1000) / 1000;
}
