/**
 * Which scorer tells a right explanation from which kind of wrong one, on latents whose truth is known.
 *
 *     npx tsx bench/scorer-gauntlet.ts [--token-scorer DIR] [--write]
 *
 * Prints the tables of docs/scorer-gauntlet.md; `--write` puts them there. `--token-scorer` names a folder with a language
 * model (as for `localTokenScorer`), and adds surprisal by it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "../src/atomic-file.js";
import { builtInEmbedder } from "../src/llm/local/built-in-embedder.js";
import { localTokenScorer } from "../src/llm/local/local-token-scorer.js";
import { pattern } from "../src/llm/pattern/pattern-model.js";
import { patternTokenScorer } from "../src/llm/pattern/pattern-token-scorer.js";
import { detection } from "../src/score/detection.js";
import { embedding } from "../src/score/embedding.js";
import { exampleEmbedding } from "../src/score/example-embedding.js";
import { execution } from "../src/score/execution.js";
import { fuzzing } from "../src/score/fuzzing.js";
import { generation } from "../src/score/generation.js";
import { intruder } from "../src/score/intruder.js";
import { responsiveness } from "../src/score/responsiveness.js";
import type { Scorer } from "../src/score/scorer.js";
import { sensitivity } from "../src/score/sensitivity.js";
import { simulation } from "../src/score/simulation.js";
import { surprisal } from "../src/score/surprisal.js";
import {
  corruptions,
  type GauntletLatent,
  type GauntletRow,
  gauntlet,
  labelledGauntlet,
  plantedByDefault,
  plantedGauntlet,
  type Reading,
  type Standing,
  standing,
  withRecall,
} from "../test/score/gauntlet.js";
import { explanation } from "../test/score/made-examples.js";
import { plantedCache, plantedExamples, plantedNames } from "../test/score/planted-latents.js";
import { rungTable } from "./negative-rungs.js";

/** A scorer, and which of its numbers is looked at. */
interface Contestant {
  readonly name: string;
  readonly scorer: Scorer;
  readonly reading: Reading;
}

interface Result extends Contestant {
  readonly rows: readonly GauntletRow[];
}

const value: Reading = (score) => score.value;
const { values: options } = parseArgs({
  options: { "token-scorer": { type: "string" }, write: { type: "boolean", default: false } },
});
const reader =
  options["token-scorer"] && (await localTokenScorer(options["token-scorer"], { tooLong: "cut prefix" }));
const { cache, subject, remove } = await plantedCache();
const llm = pattern();
const written = { texts: 15 };
const readers: Contestant[] = [
  contestant(detection(llm)),
  contestant(fuzzing(llm)),
  contestant(fuzzing(llm, { negatives: ["non-activating", "wrong-tokens"] }), "fuzzing, no hard marks"),
  contestant(simulation(llm, { windows: "all" }), "simulation, all windows"),
  contestant(simulation(llm), "simulation, firing windows"),
  contestant(responsiveness(llm)),
  contestant(responsiveness(llm), "purity", ({ also }) => also?.purity),
  contestant(execution()),
  contestant(surprisal(patternTokenScorer())),
  contestant(embedding(builtInEmbedder())),
];

const onPlanted = await resultsOf(await plantedGauntlet({ cache, subject }), [
  ...readers,
  contestant(generation(llm, subject, written)),
  contestant(generation(llm, subject, written), "clarity of generation", ({ also }) => also?.clarity),
  contestant(withRecall(generation(llm, subject, written), detection(llm)), "generation with recall"),
  ...(reader ? [contestant(surprisal(reader))] : []),
]);
const byDefault = await resultsOf(plantedByDefault(cache), [
  contestant(detection(llm), "detection, as a default run"),
  contestant(fuzzing(llm), "fuzzing, as a default run"),
  contestant(embedding(builtInEmbedder()), "embedding, as a default run"),
]);
const onLabelled = await resultsOf(labelledGauntlet(), readers);
const tables = [
  "## Planted latents",
  summaryTable([...onPlanted, ...byDefault]),
  "## Concepts that the demo world is labelled with",
  summaryTable(onLabelled),
  "## Scorers that read no explanation",
  await unreadingTable([intruder(llm), exampleEmbedding(builtInEmbedder()), sensitivity(llm, subject)]),
  "## Rungs of the ladder",
  await rungTable(),
  "## Every score on the planted latents",
  ...[...onPlanted, ...byDefault].map(valuesTable),
].join("\n\n");
await remove();
if (reader) await reader.close();
console.log(tables);
if (options.write) await replaceTables(join(import.meta.dirname, "../docs/scorer-gauntlet.md"), tables);

function contestant(scorer: Scorer, name = scorer.name, reading = value): Contestant {
  return { name, scorer, reading };
}

async function resultsOf(
  latents: readonly GauntletLatent[],
  contestants: readonly Contestant[],
): Promise<Result[]> {
  const results: Result[] = [];
  for (const one of contestants) results.push({ ...one, rows: await gauntlet(latents, one.scorer) });
  return results;
}

/** For each scorer and corruption, on how many of the latents the right explanation scores higher, and by how much. */
function summaryTable(results: readonly Result[]): string {
  const head = ["scorer", "judge", ...corruptions, "mean of right"];
  const lines = results.map(({ name, scorer, reading, rows }) => {
    const cells = corruptions.map((corruption) => standingCell(standing(rows, corruption, reading)));
    const mean = rows.reduce((sum, { scores }) => sum + (reading(scores.right) ?? 0), 0) / rows.length;
    return [name, scorer.model, ...cells, mean.toFixed(2)];
  });
  return table(head, lines);
}

/** `8 of 9: 0.31 (0.22 to 0.40), 1 refused`. */
function standingCell({ above, tied, below, refused, margin }: Standing): string {
  const judged = above.length + tied.length + below.length;
  if (judged === 0) return "not judged";
  const [low, high] = margin?.interval ?? [];
  const mean = margin && `: ${number(margin.value)} (${number(low)} to ${number(high)})`;
  return `${above.length} of ${judged}${mean ?? ""}${refused.length > 0 ? `, ${refused.length} refused` : ""}`;
}

function valuesTable({ name, scorer, reading, rows }: Result): string {
  const lines = rows.map((row) => {
    const cells = corruptions.map((corruption) => {
      const { tied, below } = standing([row], corruption, reading);
      const mark = below.length > 0 ? " ✗" : tied.length > 0 ? " =" : "";
      const score = row.scores[corruption];
      return score ? `${number(reading(score))}${mark}` : "";
    });
    return [row.latent, number(reading(row.scores.right)), ...cells];
  });
  return `### ${name} by ${scorer.model}\n\n${table(["latent", "right", ...corruptions], lines)}`;
}

/** What these say of each planted latent, also of those that no sentence describes. */
async function unreadingTable(scorers: readonly Scorer[]): Promise<string> {
  const lines: string[][] = [];
  for (const name of plantedNames) {
    const examples = plantedExamples(cache, name);
    const values = await Promise.all(
      scorers.map(async (scorer) => number((await scorer.score(explanation(""), examples)).value)),
    );
    lines.push([name, ...values]);
  }
  return table(["planted latent", ...scorers.map(({ name, model }) => `${name} (${model})`)], lines);
}

function number(found: number | undefined): string {
  return found?.toFixed(2).replace(/^-(?=0\.00$)/, "") ?? "–";
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

async function replaceTables(path: string, text: string): Promise<void> {
  const page = await readFile(path, "utf8");
  const [before, after] = [page.indexOf("<!-- tables -->"), page.indexOf("<!-- /tables -->")];
  if (before < 0 || after < 0)
    throw new Error(`Cannot write the tables into "${path}": it has no marks for them`);
  const head = page.slice(0, before);
  await writeFileAtomic(path, `${head}<!-- tables -->\n\n${text}\n\n${page.slice(after)}`);
}
