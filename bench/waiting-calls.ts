/**
 * What `llm-queue.ts` measures, in a process of its own: `node BUNDLE WAY URL CALLS`. Tells its parent the resident set
 * with nothing asked, with the requests made and with all of them waiting; with `--expose-gc`, what a call holds.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { claude, openAICompatible, type TextModel, type TextRequest, withLedger } from "../src/index.js";

/** Bytes. */
export interface WaitingCalls {
  readonly empty: number;
  readonly requests: number;
  readonly waiting: number;
  /** Heap that a waiting call holds beside its request; of use with `--expose-gc` only. */
  readonly heapPerCall: number;
}

const folder = mkdtempSync(join(tmpdir(), "saelab-bench-"));
const anthropic = (baseURL: string) => claude({ apiKey: "sk-ant-bench-0123", baseURL, onWarning: () => {} });
const makers: Readonly<Record<string, (baseURL: string) => TextModel>> = {
  "claude()": anthropic,
  "openAICompatible()": (baseURL) => openAICompatible({ baseURL: `${baseURL}/v1`, model: "m" }),
  "withLedger(claude())": (baseURL) => withLedger(anthropic(baseURL), folder),
};

const words = "what do these words have in common? ".repeat(20);
const [way = "", url = "", calls] = process.argv.slice(2);
const model = makers[way]?.(url);
if (!model) throw new Error(`Cannot measure "${way}": give one of ${Object.keys(makers).join(", ")}`);
const found = await waitingCalls(model, Number(calls));
rmSync(folder, { recursive: true });
process.send?.(found, () => process.exit());

async function waitingCalls(model: TextModel, calls: number): Promise<WaitingCalls> {
  const empty = process.memoryUsage.rss();
  const shared = [question(0), { role: "assistant", content: "Nothing." }] as const;
  const request = (i: number): TextRequest => {
    return { system: "Answer briefly.", messages: [...shared, question(i)], maxTokens: 20 };
  };
  // The only one that is answered: the prompt cache is warm, and the others wait for their turns.
  await model.complete(request(0));
  const requests = Array.from({ length: calls }, (_, i) => request(i + 1));
  const made = process.memoryUsage.rss();
  const heapMade = heapUsed();
  const { signal } = new AbortController();
  for (const each of requests) void model.complete(each, { signal });
  await sleep(1000);
  const waiting = process.memoryUsage.rss();
  const heapPerCall = (heapUsed() - heapMade) / requests.length;
  return { empty, requests: made, waiting, heapPerCall };
}

/** After a collection, where node was started with `--expose-gc`. */
function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function question(i: number) {
  // Joined: a string that is added up of parts holds on to them.
  return { role: "user", content: [`Question ${i}: `, words].join("") } as const;
}
