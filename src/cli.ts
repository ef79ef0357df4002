#!/usr/bin/env node
/** The command line: `saelab --help` lists what it does. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheLatents } from "./cache/cache-latents.js";
import { sampleExamples } from "./examples/sample-examples.js";
import { topActivations } from "./explain/top-activations.js";
import { claude } from "./llm/claude.js";
import { pattern } from "./llm/pattern/pattern-model.js";
import type { TextModel } from "./llm/text-model.js";
import { withLedger } from "./llm/with-ledger.js";
import { loadModel } from "./model/load-model.js";
import { packageRoot } from "./package-root.js";
import { report } from "./report/report.js";
import { writeReportHtml } from "./report/report-html.js";
import { tableText } from "./report/table.js";
import { interpret } from "./run/interpret.js";
import { detection } from "./score/detection.js";
import { fuzzing } from "./score/fuzzing.js";
import { loadSparseCoder } from "./sparse/load-sparse-coder.js";

const help = `saelab: interpret the latents of sparse autoencoders

  saelab demo                    explain and score latents of the embedded model
  saelab run [options]           the same for any model, coder and corpus
    --model NAME                 "demo", a folder, or hf:org/name       (demo)
    --coder NAME                 "demo/layers.2" or a folder            (demo/layers.2)
    --corpus NAME                "demo", a .txt or a .jsonl file        (demo)
    --tokens N                   how many tokens to read                (all)
    --latents N                  how many latents to draw               (20)
    --seed N                     seed of every draw                     (22)
    --llm NAME                   "pattern" (needs no key), "claude", or a Claude model's id  (pattern)
    --out DIR                    where the results go, and are found again  (runs/<coder>)
  saelab install | uninstall     put the Jupyter kernel and widgets in place, or remove them
    --user | --sys-prefix | --prefix DIR
  saelab doctor                  look at the installation and say what is wrong
`;

const options = {
  model: { type: "string", default: "demo" },
  coder: { type: "string", default: "demo/layers.2" },
  corpus: { type: "string", default: "demo" },
  tokens: { type: "string" },
  latents: { type: "string", default: "20" },
  seed: { type: "string", default: "22" },
  llm: { type: "string", default: "pattern" },
  out: { type: "string" },
} as const;

async function main([command, ...args]: readonly string[]): Promise<number> {
  if (command === "demo" || command === "run") return run(args);
  if (command === "install" || command === "uninstall" || command === "doctor") return kernel(command, args);
  process.stdout.write(help);
  return command === undefined || /^(-h|--help|help)$/.test(command) ? 0 : 2;
}

async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options });
  const seed = wholeNumber("seed", values.seed);
  const out = values.out ?? join("runs", values.coder.replaceAll(/[^\w.-]+/g, "-"));
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("Stopped; run the same command again to go on")));
  const { signal } = stop;

  const model = await loadModel(values.model);
  const coder = await loadSparseCoder(values.coder);
  const maxTokens = values.tokens ? wholeNumber("tokens", values.tokens) : undefined;
  const cache = await cacheLatents({ model, coder }, values.corpus, { maxTokens, signal });
  const latents = cache.sample(wholeNumber("latents", values.latents), { seed });
  const llm = textModel(values.llm, out);
  const examples = { seed };
  const results = await report(
    interpret(cache, latents, {
      explainer: topActivations(llm),
      scorers: [detection(llm, { seed }), fuzzing(llm, { seed })],
      examples,
      directory: out,
      signal,
    }),
  );
  process.stdout.write(`${tableText(results, process.stdout.columns)}\n`);
  const path = join(out, "report.html");
  const shown = results.rows.filter((row) => row.status === "scored");
  const windows = await Promise.all(shown.map((row) => sampleExamples(cache, row.latent, examples)));
  await writeReportHtml(results, path, { title: `${values.coder} of ${values.model}`, examples: windows });
  process.stdout.write(`\nreport: ${path}\n`);
  await Promise.all([model.close(), coder.close()]);
  return 0;
}

/** Replies that cost money are kept, so that none is paid for twice. */
function textModel(name: string, out: string): TextModel {
  if (name === "pattern") return pattern();
  return withLedger(claude(name === "claude" ? {} : { model: name }), join(out, "ledger"));
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`Cannot read --${option} "${text}": give a whole number`);
  return Number(text);
}

/** The kernel is a package of its own, which the library never imports: its installer runs beside us. */
function kernel(command: string, args: readonly string[]): number {
  const installer = join(packageRoot(), "kernel", "dist", "install.js");
  const { status } = spawnSync(process.execPath, [installer, command, ...args], { stdio: "inherit" });
  return status ?? 1;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
