/** `saelab run`: the main job for any model, coder and corpus; `saelab demo` is the same with no options. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheLatents } from "./cache/cache-latents.js";
import { sampleExamples } from "./examples/sample-examples.js";
import { topActivations } from "./explain/top-activations.js";
import { modelFromName } from "./llm/model-from-name.js";
import type { TextModel } from "./llm/text-model.js";
import { withLedger } from "./llm/with-ledger.js";
import { loadModel } from "./model/load-model.js";
import { report } from "./report/report.js";
import { writeReportHtml } from "./report/report-html.js";
import { tableText } from "./report/table.js";
import { interpret } from "./run/interpret.js";
import type { NullPanelOptions } from "./run/null-panel.js";
import { detection } from "./score/detection.js";
import { fuzzing } from "./score/fuzzing.js";
import { loadSparseCoder } from "./sparse/load-sparse-coder.js";

const options = {
  model: { type: "string", default: "demo" },
  coder: { type: "string", default: "demo/layers.2.wide" },
  corpus: { type: "string", default: "demo" },
  tokens: { type: "string" },
  latents: { type: "string", default: "20" },
  seed: { type: "string", default: "22" },
  llm: { type: "string", default: "pattern" },
  null: { type: "string" },
  out: { type: "string" },
} as const;

/** What the command line asks for, checked before any work begins. */
function settings(args: readonly string[]) {
  const { values } = parseArgs({ args: [...args], options });
  const out = values.out ?? join("runs", values.coder.replaceAll(/[^\w.-]+/g, "-"));
  return {
    ...values,
    out,
    latents: wholeNumber("latents", values.latents),
    seed: wholeNumber("seed", values.seed),
    maxTokens: values.tokens === undefined ? undefined : wholeNumber("tokens", values.tokens),
    llm: textModel(values.llm, out),
    nulls: nullOptions(values.null ?? (values.llm === "pattern" ? "1" : "0.1")),
  };
}

/** Caches, explains, scores, prints the table and writes the report. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const { out, seed, llm, maxTokens, nulls, ...wanted } = settings(args);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("Stopped; run the same command again to go on")));
  const { signal } = stop;

  const [model, coder] = await Promise.all([loadModel(wanted.model), loadSparseCoder(wanted.coder)]);
  const cache = await cacheLatents({ model, coder }, wanted.corpus, { maxTokens, signal });
  await Promise.all([model.close(), coder.close()]);

  const results = await report(
    interpret(cache, cache.sample(wanted.latents, { seed }), {
      explainer: topActivations(llm),
      scorers: [detection(llm, { seed }), fuzzing(llm, { seed })],
      examples: { seed },
      directory: out,
      nulls,
      signal,
    }),
  );
  process.stdout.write(`${tableText(results, process.stdout.columns)}\n`);
  const scored = results.rows.filter((row) => row.status === "scored");
  const examples = await Promise.all(scored.map((row) => sampleExamples(cache, row.latent, { seed })));
  const path = join(out, "report.html");
  await writeReportHtml(results, path, { title: `${wanted.coder} of ${wanted.model}`, examples });
  process.stdout.write(`\nreport: ${path}\n`);
}

/** Replies that cost money are kept, so that none is paid for twice. */
function textModel(name: string, out: string): TextModel {
  const model = modelFromName(name);
  return name === "pattern" || name.startsWith("replay:") ? model : withLedger(model, join(out, "ledger"));
}

/** `none`, or the share of latents that are judged with another latent's explanation and with none. */
function nullOptions(text: string): NullPanelOptions | false {
  if (text === "none") return false;
  const share = Number(text);
  if (text.trim() !== "" && share >= 0 && share <= 1) return { share };
  throw new RangeError(`Cannot read --null "${text}": give a share of the latents from 0 to 1, or "none"`);
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`Cannot read --${option} "${text}": give a whole number`);
  return Number(text);
}
