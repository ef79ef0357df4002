/**
 * Which scorer tells a right explanation from which kind of wrong one, on latents whose truth is planted.
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
import { detection } from "../src/score/detection.js";
import { embedding } from "../src/score/embedding.js";
import { fuzzing } from "../src/score/fuzzing.js";
import type { Scorer } from "../src/score/scorer.js";
import { surprisal } from "../src/score/surprisal.js";
import { corruptions, described, type GauntletRow, gauntlet, tellsApart } from "../test/score/gauntlet.js";
import { plantedCache } from "../test/score/planted-latents.js";

const { values: options } = parseArgs({
  options: { "token-scorer": { type: "string" }, write: { type: "boolean", default: false } },
});
const scorers: Scorer[] = [detection(pattern()), fuzzing(pattern()), embedding(builtInEmbedder())];
if (options["token-scorer"]) scorers.push(surprisal(await localTokenScorer(options["token-scorer"])));

const { cache, remove } = await plantedCache();
const results: [Scorer, GauntletRow[]][] = [];
for (const scorer of scorers) results.push([scorer, await gauntlet(cache, scorer)]);
remove();

const tables = [summaryTable(), ...results.map(([scorer, rows]) => valuesTable(scorer, rows))].join("\n\n");
console.log(tables);
if (options.write) await replaceTables(join(import.meta.dirname, "../docs/scorer-gauntlet.md"), tables);

/** For each scorer and corruption, on how many of the latents the right explanation scores higher. */
function summaryTable(): string {
  const head = ["scorer", "judge", ...corruptions, "mean of right"];
  const lines = results.map(([{ name, model }, rows]) => {
    const passed = corruptions.map((corruption) => {
      const answered = rows.filter(({ corrupted }) => corrupted[corruption] !== undefined).length;
      const count = rows.filter((row) => tellsApart(row, corruption)).length;
      return answered === 0 ? "not judged" : `${count} of ${rows.length}`;
    });
    const mean = rows.reduce((sum, { right }) => sum + (right ?? 0), 0) / rows.length;
    return [name, model, ...passed, mean.toFixed(2)];
  });
  return table(head, lines);
}

function valuesTable({ name, model }: Scorer, rows: readonly GauntletRow[]): string {
  const number = (value: number | undefined) => value?.toFixed(2) ?? "–";
  const lines = rows.map((row) => {
    const marked = (value: number | undefined, passes: boolean) => `${number(value)}${passes ? "" : " ✗"}`;
    const cells = corruptions.map((c) => marked(row.corrupted[c], tellsApart(row, c)));
    return [row.latent, number(row.right), ...cells];
  });
  const heading = `### ${name} by ${model}\n\n`;
  return heading + table([`latent (${described.length})`, "right", ...corruptions], lines);
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
