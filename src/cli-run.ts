/** `saelab run`: the main job for any model, coder and corpus; `saelab demo` is the same with no options. */
import { join } from "node:path";
import { readLine } from "./cli-line.js";
import { sampleEditedExamples } from "./examples/sample-edited-examples.js";
import { report } from "./report/report.js";
import { writeReportHtml } from "./report/report-html.js";
import { tableText } from "./report/table.js";
import { interpret } from "./run/interpret.js";

const asksAgain =
  "\nCalls failed: the same command asks again for what is missing, and pays for nothing that was answered.\n";

/** Caches, explains, scores, prints the table and writes the report. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const { how, out, title, open } = readLine(args);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("Stopped; run the same command again to go on")));
  const { signal } = stop;

  const { cache, latents, examples: sampling, close } = await open(signal);
  const line = { ...how, examples: sampling, directory: out, signal };
  const results = await report(interpret(cache, latents, line));
  process.stdout.write(`${tableText(results, process.stdout.columns)}\n`);
  if (Object.values(results.outcomes).some(({ failed }) => failed)) process.stdout.write(asksAgain);
  const scored = results.rows.filter((row) => row.status === "scored");
  const quietly = { ...sampling, signal, onProgress: false as const };
  const examples = await Promise.all(scored.map((row) => sampleEditedExamples(cache, row.latent, quietly)));
  await close();
  const path = join(out, "report.html");
  await writeReportHtml(results, path, { title, examples });
  process.stdout.write(`\nreport: ${path}\n`);
}
