#!/usr/bin/env node
/** The command line: `saelab --help` lists what it does. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "./package-root.js";

const help = `saelab: interpret the latents of sparse autoencoders

  saelab demo                    explain and score latents of the embedded model
  saelab run [options]           the same for any model, coder and corpus
    --model NAME                 "demo", a folder, or hf:org/name       (demo)
    --coder NAME                 "demo/NAME", a folder, or hf:org/name   (demo/layers.2.wide)
    --corpus NAME                "demo", a .txt or a .jsonl file        (demo)
    --tokens N                   how many tokens to read                (all)
    --latents N                  how many latents to draw               (20)
    --seed N                     seed of every draw                     (22)
    --llm NAME                   "pattern" (needs no key), "claude", a Claude model's id,
                                 openai:http://HOST/v1#MODEL, or replay:FILE    (pattern)
    --room-to-think N            output tokens for the thoughts of an openai: model, before each answer (0)
    --preset NAME                "paper" (81 requests per latent) or "economy" (9)
    --negatives NAMES            what silent windows scores are won against, an equal share of each: random,
                                 co-active,same-token,decoder-neighbour,encoder-neighbour,
                                 embedding-neighbour,minimal-edit       (the first three; with --preset paper: random)
    --batch                      Claude by Message Batches: half the price, within a day
    --null SHARE                 share of latents also judged with another's explanation and with none;
                                 "none" for no nulls at all             (0.1; 1 with --llm pattern)
    --null-runs NAMES            latents that nobody trained, explained and scored beside: random-model,
                                 random-coder,neurons or "none"         (what three times that share pays for)
    --out DIR                    where the results go, and are found again  (runs/<coder>)
  saelab plan [options of run]   what that would ask, cost and take, for every model; sends nothing, needs no key
  saelab ledger PATH             what the calls of a run came to and cost, by model
    --export FILE                the same as a table: x.parquet or x.arrow
  saelab install | uninstall     put the Jupyter kernel and widgets in place, or remove them
    --user | --sys-prefix | --prefix DIR
  saelab doctor                  look at the installation and say what is wrong
  saelab doctor model PATH       the hookpoints of a model, with shapes
  saelab doctor coder PATH       whether a coder is read rightly: what each reading of it explains
    --model NAME --corpus NAME   on which activations                 (demo, demo)
  saelab doctor llm URL          what a server can do that speaks the dialect of OpenAI: http://HOST/v1[#MODEL]
`;

async function main([command, ...args]: readonly string[]): Promise<number> {
  if (command === "demo" || command === "run") {
    // Loaded when needed: the other commands answer at once, and work where a model could not run.
    const { runCommand } = await import("./cli-run.js");
    await runCommand(args);
    return 0;
  }
  if (command === "plan") {
    const { planCommand } = await import("./cli-plan.js");
    await planCommand(args);
    return 0;
  }
  if (command === "ledger") {
    const { ledgerCommand } = await import("./cli-ledger.js");
    await ledgerCommand(args);
    return 0;
  }
  if (command === "doctor" && args[0] && !args[0].startsWith("--")) {
    const { doctorCommand } = await import("./cli-doctor.js");
    return await doctorCommand(args);
  }
  if (command === "install" || command === "uninstall" || command === "doctor") return kernel(command, args);
  process.stdout.write(help);
  return command === undefined || /^(-h|--help|help)$/.test(command) ? 0 : 2;
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
