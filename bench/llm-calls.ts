/**
 * Calls to a language model through `claude()`, against the fake service of the tests in a process of its own.
 * `npx tsx bench/llm-calls.ts [part]`: all of them, or 0 ten latents, 1 throughput, 2 limit. Prints a table, then one
 * line of JSON.
 *
 * The reference in each is the official SDK alone with 64 workers, as its own retries (2) have it: no turns, no budget,
 * no check of the reply.
 *
 * *Ten latents*: explanation, detection and fuzzing by the real prompts and presets, where every answer takes 0.5 s;
 * delphi's own setting (50 + 50 contexts, five in a prompt) beside them. *Throughput*: answers that take no time. *Limit*:
 * 600 calls to a service that takes 100 a second, 10 at once.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import Anthropic from "@anthropic-ai/sdk";
import pMap from "p-map";
import type { LatentExamples } from "../src/examples/example.js";
import { topActivations } from "../src/explain/top-activations.js";
import { claude } from "../src/llm/claude.js";
import { claudeRequest } from "../src/llm/claude-request.js";
import type { TextModel, TextRequest } from "../src/llm/text-model.js";
import type { InterpretOptions } from "../src/run/interpret.js";
import { preset } from "../src/run/presets.js";
import { detection } from "../src/score/detection.js";
import { fuzzing } from "../src/score/fuzzing.js";
import { tokenLatent } from "../test/score/made-examples.js";
import { type MessagesServerOptions, messagesServer } from "../test/servers/messages-server.js";
import { idleSince } from "./idle-since.js";

const apiKey = "sk-ant-bench-0123456789abcdef";
const model = "claude-haiku-5-5";
const workers = 64;

if (process.argv[2] === "--serve") await serve(JSON.parse(process.argv[3] ?? "{}"));
else await main();

async function main(): Promise<void> {
  const before = cpus();
  const parts = [tenLatents, () => throughput(4_000), () => limited(600)];
  const only = process.argv[2];
  const lines: Line[] = [];
  for (const [i, part] of parts.entries()) {
    if (only === undefined || Number(only) === i) lines.push(...(await part()));
  }
  const idle = +idleSince(before).toFixed(2);
  console.table(lines);
  console.log(`idle ${idle}`);
  console.log(JSON.stringify({ bench: "llm-calls", idle, lines }));
}

interface Line {
  question: string;
  way: string;
  calls: number;
  done: number;
  seconds: number;
  /** Answers a second. */
  perSecond: number;
  /** Processor time of this process for a call, in milliseconds: what a busy machine does not change. */
  cpuMs: number;
}

/** A fake service in a process of its own. */
async function service(options: MessagesServerOptions): Promise<{ url: string; close: () => void }> {
  const child: ChildProcess = fork(import.meta.filename, [
    "--serve",
    JSON.stringify({ ...options, log: false }),
  ]);
  const [url] = (await once(child, "message")) as [string];
  return { url, close: () => void child.kill() };
}

async function serve(options: MessagesServerOptions): Promise<void> {
  const { url } = await messagesServer(options);
  process.send?.(url);
}

function llm(url: string, options: Parameters<typeof claude>[0] = {}): TextModel {
  return claude({ apiKey, baseURL: url, model, onWarning: () => {}, ...options });
}

/** The official SDK alone. */
function bare(url: string, maxRetries: number): (request: TextRequest) => Promise<unknown> {
  const client = new Anthropic({ apiKey, baseURL: url, maxRetries });
  return (request) => client.messages.create(claudeRequest(model, request));
}

function question(i: number): TextRequest {
  const content = `Question ${i}: ${"what do these words have in common? ".repeat(20)}`;
  return { system: "Answer briefly.", messages: [{ role: "user", content }], maxTokens: 20 };
}

async function measured(
  question: string,
  way: string,
  run: () => Promise<{ calls: number; done: number }>,
): Promise<Line> {
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const { calls, done } = await run();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuMs = +((user + system) / 1000 / calls).toFixed(2);
  const perSecond = +(done / seconds).toFixed(1);
  return { question, way, calls, done, seconds: +seconds.toFixed(2), perSecond, cpuMs };
}

async function all(calls: number, ask: (i: number) => Promise<unknown>, concurrency = calls) {
  const outcomes = await pMap(
    Array.from({ length: calls }).keys(),
    (i) =>
      ask(i).then(
        () => 1,
        () => 0,
      ),
    {
      concurrency,
    },
  );
  return { calls, done: outcomes.reduce<number>((sum, ok) => sum + ok, 0) };
}

async function tenLatents(): Promise<Line[]> {
  const { url, close } = await service({ delayMs: 500 });
  const [half, whole] = [50, 100].map((n) =>
    Array.from({ length: 10 }, (_, seed) => tokenLatent(" cat", { seed, test: n, nonActivating: n })),
  ) as [LatentExamples[], LatentExamples[]];
  const economy = (judge: TextModel) => preset("economy", judge);
  const paper = (judge: TextModel) => preset("paper", judge);
  const ways: [string, (judge: TextModel) => LineUp, LatentExamples[], number | undefined][] = [
    ["economy, 64 at a time", economy, half, workers],
    ["economy, as it comes", economy, half, undefined],
    ["delphi's, 64 at a time", delphis, half, workers],
    ["delphi's, 256 at a time", delphis, half, 256],
    ["delphi's, as it comes", delphis, half, undefined],
    ["paper, 64 at a time", paper, whole, workers],
  ];
  const lines: Line[] = [];
  for (const [way, lineUp, latents, concurrency] of ways) {
    const { judge, seen } = counted(llm(url, { concurrency }));
    const { explainer, scorers } = lineUp(judge);
    const run = async () => {
      await pMap(latents, async (examples) => {
        const explained = await explainer.explain(examples);
        if (explained.status !== "ok") throw new Error(explained.reason);
        await Promise.all(scorers.map((scorer) => scorer.score(explained.value, examples)));
      });
      return seen;
    };
    lines.push(await measured("ten latents", way, run));
  }
  close();
  return lines;
}

type LineUp = Pick<InterpretOptions, "explainer" | "scorers">;

/** What delphi's command line asks: as the paper, on half as many contexts. */
function delphis(judge: TextModel): LineUp {
  return { explainer: topActivations(judge), scorers: [detection(judge), fuzzing(judge)] };
}

/** The same model, which counts its calls. */
function counted({ name, complete }: TextModel): { judge: TextModel; seen: { calls: number; done: number } } {
  const seen = { calls: 0, done: 0 };
  const judge: TextModel = {
    name,
    async complete(request, options) {
      seen.calls++;
      const reply = await complete(request, options);
      seen.done++;
      return reply;
    },
  };
  return { judge, seen };
}

async function throughput(calls: number): Promise<Line[]> {
  const { url, close } = await service({});
  const sdk = bare(url, 2);
  const ours = llm(url, { concurrency: workers });
  // Each warms the machine for the other.
  await all(500, (i) => sdk(question(i)), workers);
  await all(500, (i) => ours.complete(question(i)));
  const lines = [
    await measured("throughput", "SDK alone, 64 workers", () => all(calls, (i) => sdk(question(i)), workers)),
    await measured("throughput", "claude()", () => all(calls, (i) => ours.complete(question(i)))),
  ];
  close();
  return lines;
}

async function limited(calls: number): Promise<Line[]> {
  const ask = (url: string, options: Parameters<typeof claude>[0]) => {
    const ours = llm(url, options);
    return all(calls, (i) => ours.complete(question(i)));
  };
  const known = { requestsPerMinute: 6000 };
  const ways: [string, boolean, (url: string) => Promise<{ calls: number; done: number }>][] = [
    ["SDK alone, 64 workers", true, (url) => all(calls, (i) => bare(url, 2)(question(i)), workers)],
    ["claude(), limit given", false, (url) => ask(url, { concurrency: workers, limits: known })],
    ["claude(), limit as stated", true, (url) => ask(url, { concurrency: workers })],
    ["claude(), limit not known", false, (url) => ask(url, { concurrency: workers })],
    ["claude(), as it comes, limit as stated", true, (url) => ask(url, {})],
    ["claude(), as it comes, limit not known", false, (url) => ask(url, {})],
  ];
  const limits = { ...known, burst: 10 };
  const lines: Line[] = [];
  for (const [way, statesLimits, run] of ways) {
    const { url, close } = await service({ limits, statesLimits });
    lines.push(await measured("limit of 100/s", way, () => run(url)));
    close();
  }
  return lines;
}
