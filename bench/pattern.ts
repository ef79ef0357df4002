/**
 * How good and how fast the embedded pattern model is, where the truth is known: one latent for each labelled
 * concept of the demo world, firing on exactly the words that bear the label.
 *
 *     npx tsx bench/pattern.ts [--documents 900]
 *
 * Prints a line per concept, then medians and judgements per second, then one line of JSON.
 */
import { parseArgs } from "node:util";
import type { LatentExamples } from "../src/examples/example.js";
import { topActivations } from "../src/explain/top-activations.js";
import { pattern } from "../src/llm/pattern/pattern-model.js";
import { detection } from "../src/score/detection.js";
import { fuzzing } from "../src/score/fuzzing.js";
import { quantile } from "../src/stats/quantile.js";
import {
  type Concept,
  conceptExamples,
  concepts,
  labelledWindows,
} from "../test/llm/pattern/labelled-latents.js";

const { values } = parseArgs({ options: { documents: { type: "string", default: "900" } } });
const windows = labelledWindows(Number(values.documents));
const llm = pattern();

interface Row {
  concept: Concept;
  detection: number;
  fuzzing: number;
  text: string;
  explainMs: number;
  judgements: number;
  judgeMs: number;
}

const rows: Row[] = [];
for (const concept of concepts) {
  const examples = conceptExamples(concept, windows);
  if (!examples) console.log(`${concept.padEnd(16)} too rare or too common in ${values.documents} documents`);
  else rows.push(await measure(concept, examples));
}

for (const { concept, detection, fuzzing, text } of rows) {
  console.log(`${concept.padEnd(16)} ${detection.toFixed(2)} ${fuzzing.toFixed(2)}  ${text}`);
}
const median = (numbers: number[]) => Number(quantile(numbers, 0.5).toFixed(3));
const sum = (key: "judgements" | "judgeMs") => rows.reduce((total, row) => total + row[key], 0);
const result = {
  concepts: rows.length,
  detection: median(rows.map((row) => row.detection)),
  fuzzing: median(rows.map((row) => row.fuzzing)),
  explainMs: median(rows.map((row) => row.explainMs)),
  judgementsPerSecond: Math.round((1000 * sum("judgements")) / sum("judgeMs")),
};
console.log(
  `\nmedian detection ${result.detection}, fuzzing ${result.fuzzing}; ${result.explainMs} ms per explanation, ${result.judgementsPerSecond} judgements/s`,
);
console.log(JSON.stringify(result));

async function measure(concept: Concept, examples: LatentExamples): Promise<Row> {
  const start = performance.now();
  const explained = await topActivations(llm).explain(examples);
  const explainMs = performance.now() - start;
  if (explained.status !== "ok") throw new Error(explained.reason);
  const scores = [];
  for (const scorer of [detection(llm), fuzzing(llm)]) {
    scores.push(await scorer.score(explained.value, examples));
  }
  const judgeMs = performance.now() - start - explainMs;
  const judgements = scores.reduce((n, score) => n + score.answered, 0);
  const [detected = 0, fuzzed = 0] = scores.map(({ value }) => value ?? 0);
  return {
    concept,
    detection: detected,
    fuzzing: fuzzed,
    text: explained.value.text,
    explainMs,
    judgements,
    judgeMs,
  };
}
