/**
 * The ledger of calls: how many a second it keeps on disk and finds again.
 *
 *     npx tsx bench/llm-ledger.ts [calls]
 *
 * A call is a question of a kilobyte behind worked turns of three, which all calls share; replies end so many at a time.
 * References, with the same words and the same promise (on disk when it returns): one transaction for each call, and
 * lines of JSON appended and synchronised, as many at a time. `complete` is a second run through `withLedger`, prompts
 * hashed and all.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger } from "../src/llm/ledger.js";
import { type AddressedRequest, addressRequest } from "../src/llm/request-key.js";
import type { TextModel, TextRequest } from "../src/llm/text-model.js";
import { withLedger } from "../src/llm/with-ledger.js";
import { idleSince } from "./idle-since.js";

const count = Number(process.argv[2] ?? 20_000);
const model = "claude-haiku-5-5";
const usage = { inputTokens: 1_000, outputTokens: 11, cachedInputTokens: 800 };
const reply = { text: "[1, 0, 0, 1, 1]", stop: "end" as const, model, usage };
const shared = [
  { role: "user" as const, content: "An example of the task, worked. ".repeat(90) },
  { role: "assistant" as const, content: "[0, 1, 0, 0, 1]" },
];

interface Line {
  readonly what: string;
  readonly way: string;
  readonly perSecond: number;
  readonly bytesPerCall?: number;
}

await main();

async function main(): Promise<void> {
  const before = cpus();
  const scratch = mkdtempSync(join(tmpdir(), "saelab-bench-"));
  try {
    const requests = Array.from({ length: count }, (_, i) => question(i));
    const asked = requests.map((request) => addressRequest(model, request));
    const lines = [
      await kept(join(scratch, "one.sqlite"), { asked: asked.slice(0, 500), atOnce: 1 }),
      jsonLines(join(scratch, "64.jsonl"), { requests, atOnce: 64 }),
      await kept(join(scratch, "64.sqlite"), { asked, atOnce: 64 }),
      jsonLines(join(scratch, "500.jsonl"), { requests, atOnce: 500 }),
      await kept(join(scratch, "500.sqlite"), { asked, atOnce: 500 }),
      found(join(scratch, "500.sqlite"), asked),
      await completed(join(scratch, "500.sqlite"), requests),
    ];
    console.table(lines);
    const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
    console.log(
      JSON.stringify({ bench: "llm-ledger", machine, idle: +idleSince(before).toFixed(2), count, lines }),
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function question(i: number): TextRequest {
  const content = `Question ${i}: ${"some words of a text ".repeat(47)}`;
  return { system: "Answer with a list.", messages: [...shared, { role: "user", content }], maxTokens: 64 };
}

/** Calls that end `atOnce` at a time, kept. */
async function kept(
  path: string,
  { asked, atOnce }: { asked: AddressedRequest[]; atOnce: number },
): Promise<Line> {
  const ledger = openLedger(path);
  ledger.find("");
  const seconds = await timed(async () => {
    for (let i = 0; i < asked.length; i += atOnce) {
      await Promise.all(
        asked.slice(i, i + atOnce).map((one) => ledger.keep({ asked: one, reply, waitedMs: 500 })),
      );
    }
  });
  const bytesPerCall = Math.round(statSync(path).size / asked.length);
  const way = atOnce === 1 ? "a transaction for each" : `ledger, ${atOnce} at a time`;
  return { what: "writes", way, perSecond: Math.round(asked.length / seconds), bytesPerCall };
}

/** The same as lines of JSON. */
function jsonLines(path: string, { requests, atOnce }: { requests: TextRequest[]; atOnce: number }): Line {
  const file = openSync(path, "a");
  const start = performance.now();
  for (let i = 0; i < requests.length; i += atOnce) {
    const lines = requests.slice(i, i + atOnce).map((request) => JSON.stringify({ model, request, reply }));
    writeSync(file, `${lines.join("\n")}\n`);
    fdatasyncSync(file);
  }
  const seconds = (performance.now() - start) / 1000;
  closeSync(file);
  const bytesPerCall = Math.round(statSync(path).size / requests.length);
  return {
    what: "writes",
    way: `JSON lines, ${atOnce} at a time`,
    perSecond: Math.round(requests.length / seconds),
    bytesPerCall,
  };
}

/** Each call looked up once, in another order than that of writing. */
function found(path: string, asked: readonly AddressedRequest[]): Line {
  const ledger = openLedger(path);
  const start = performance.now();
  for (let i = 0; i < asked.length; i++) {
    const one = asked[(i * 7_919) % asked.length] as AddressedRequest;
    if (!ledger.find(one.key)) throw new Error(`call ${i} was not found`);
  }
  const seconds = (performance.now() - start) / 1000;
  return { what: "reads", way: "find", perSecond: Math.round(asked.length / seconds) };
}

/** A second run: every reply from the ledger. */
async function completed(path: string, requests: readonly TextRequest[]): Promise<Line> {
  const nobody: TextModel = {
    name: model,
    complete: () => Promise.reject(new Error("a second run asks nobody")),
  };
  const llm = withLedger(nobody, path);
  const seconds = await timed(async () => {
    for (const request of requests) await llm.complete(request);
  });
  return { what: "reads", way: "complete", perSecond: Math.round(requests.length / seconds) };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
