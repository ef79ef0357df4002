/**
 * Calls to a language model through `claude()`, against the fake service of the tests in a process of its own.
 * `npx tsx bench/llm-calls.ts [part]`: all of them, or 0 queue, 1 ten latents, 2 throughput, 3 limit. Prints a table, then
 * one line of JSON.
 *
 * The reference in each is the official SDK alone with 64 workers, as its own retries (2) have it: no turns, no budget,
 * no check of the reply.
 *
 * *Ten latents*: explanation, detection and fuzzing by the real prompts, where every answer takes 0.5 s. *Throughput*:
 * answers that take no time. *Limit*: 600 calls to a service that takes 100 a second, 10 at once. *Queue*: the
 * resident set with 100,000 calls waiting whose questions, of 0.7 kB, are all different.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import Anthropic from "@anthropic-ai/sdk";
import pMap from "p-map";
import { topActivations } from "../src/explain/top-activations.js";
import { claude } from "../src/llm/claude.js";
import { claudeRequest } from "../src/llm/claude-request.js";
import type { TextModel, TextRequest } from "../src/llm/text-model.js";
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
  const parts = [() => queued(100_000), tenLatents, () => throughput(4_000), () => limited(600)];
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
  rssMB: number;
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
  return { ...resident(question, way), cpuMs, calls, done, seconds: +seconds.toFixed(2), perSecond };
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
  const latents = Array.from({ length: 10 }, (_, seed) => tokenLatent(" cat", { seed }));
  const ways: Record<string, { judges: TextModel[]; examplesPerPrompt: number }> = {
    "64 at a time": { judges: [llm(url, { concurrency: workers })], examplesPerPrompt: 5 },
    "64 at a time for each scorer": {
      judges: [llm(url, { concurrency: workers }), llm(url, { concurrency: workers })],
      examplesPerPrompt: 5,
    },
    "64 at a time, 25 examples per prompt": {
      judges: [llm(url, { concurrency: workers })],
      examplesPerPrompt: 25,
    },
    "256 at a time": { judges: [llm(url, { concurrency: 256 })], examplesPerPrompt: 5 },
    "as it comes (from 8 on)": { judges: [llm(url)], examplesPerPrompt: 5 },
  };
  const lines: Line[] = [];
  for (const [way, { judges, examplesPerPrompt }] of Object.entries(ways)) {
    const [first, last] = [judges[0] as TextModel, judges.at(-1) as TextModel];
    const scorers = [detection(first, { examplesPerPrompt }), fuzzing(last, { examplesPerPrompt })];
    const run = async () => {
      const explainer = topActivations(first);
      const done = await pMap(latents, async (examples) => {
        const explained = await explainer.explain(examples);
        if (explained.status !== "ok") return 0;
        const scores = await Promise.all(scorers.map((scorer) => scorer.score(explained.value, examples)));
        return scores.every(({ value }) => value === 1) ? 1 + (2 * 100) / examplesPerPrompt : 0;
      });
      return { calls: 10 * (1 + (2 * 100) / examplesPerPrompt), done: done.reduce((a, b) => a + b, 0) };
    };
    lines.push(await measured("ten latents", way, run));
  }
  close();
  return lines;
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
  const limits = { requestsPerMinute: 6000, burst: 10 };
  const ways: [string, boolean, (url: string) => Promise<{ calls: number; done: number }>][] = [
    ["SDK alone, 64 workers", true, (url) => all(calls, (i) => bare(url, 2)(question(i)), workers)],
    [
      "claude(), limit given",
      false,
      (url) => {
        const ours = llm(url, { concurrency: workers, limits: { requestsPerMinute: 6000 } });
        return all(calls, (i) => ours.complete(question(i)));
      },
    ],
    [
      "claude(), limit as stated",
      true,
      (url) => {
        const ours = llm(url, { concurrency: workers });
        return all(calls, (i) => ours.complete(question(i)));
      },
    ],
    [
      "claude(), limit not known",
      false,
      (url) => {
        const ours = llm(url, { concurrency: workers });
        return all(calls, (i) => ours.complete(question(i)));
      },
    ],
  ];
  const lines: Line[] = [];
  for (const [way, statesLimits, run] of ways) {
    const { url, close } = await service({ limits, statesLimits });
    lines.push(await measured("limit of 100/s", way, () => run(url)));
    close();
  }
  return lines;
}

/** Calls that wait for turns, with few-shot turns that they share; stopped once all of them wait. */
async function queued(calls: number): Promise<Line[]> {
  const { url, close } = await service({ delayMs: 600_000 });
  const stop = new AbortController();
  const ours = llm(url, { concurrency: workers });
  const line = (way: string, seconds: number): Line => ({
    ...resident("queue", way),
    calls,
    done: 0,
    seconds,
  });
  const lines = [line("this process, nothing asked", 0)];
  const shared = question(0).messages.concat({ role: "assistant", content: "Nothing." });
  const requests = Array.from({ length: calls }, (_, i) => {
    const request = { ...question(i), messages: [...shared, ...question(i).messages] };
    // A string is put together when it is first looked at: now.
    Buffer.byteLength(request.messages[2]?.content ?? "");
    return request;
  });
  lines.push(line("the requests", 0));
  const start = performance.now();
  const waiting = requests.map((request) => ours.complete(request, { signal: stop.signal }).catch(() => 0));
  await new Promise((done) => setTimeout(done, 100));
  lines.push(line("the requests, waiting", +((performance.now() - start) / 1000).toFixed(2)));
  stop.abort(new Error("enough"));
  await Promise.all(waiting);
  close();
  return lines;
}

function resident(question: string, way: string) {
  return { question, way, perSecond: 0, cpuMs: 0, rssMB: Math.round(process.memoryUsage().rss / 1e6) };
}
