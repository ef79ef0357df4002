/**
 * Memory of 100,000 calls that wait, in a process of plain node that has the library as it ships: its modules in one
 * file, its packages in `node_modules`. `npx tsx bench/llm-queue.ts`. Prints a table, then one line of JSON.
 *
 * Every question is of 0.7 kB and different; the instruction and a pair of few-shot turns are shared, as explainers and
 * scorers share theirs. The services, in this process, answer the first question and none after it.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { messagesServer } from "../test/servers/messages-server.js";
import { openAIServer } from "../test/servers/openai-server.js";
import type { WaitingCalls } from "./waiting-calls.js";

const calls = 100_000;
const here = import.meta.dirname;
// Below node_modules, so that packages are found.
const bundle = join(here, "../node_modules/.cache/saelab-bench/waiting-calls.mjs");

await build({
  entryPoints: [join(here, "waiting-calls.ts")],
  outfile: bundle,
  ...{ bundle: true, platform: "node", format: "esm", packages: "external" },
});
const hang = { kind: "hang" } as const;
const others = (question: string) => !question.startsWith("Question 0:");
const servers = [await messagesServer({ log: false }), await openAIServer({ log: false })] as const;
for (const server of servers) server.failWhen(others, hang);
const lines = [
  await measured("claude()", servers[0].url),
  await measured("withLedger(claude())", servers[0].url),
  await measured("openAICompatible()", servers[1].url),
];
await Promise.all(servers.map((server) => server.close()));
rmSync(bundle);
console.table(lines);
console.log(JSON.stringify({ bench: "llm-queue", calls, lines }));

/** Once as it is, and once more with collections in between, which say what a call holds. */
async function measured(way: string, url: string) {
  const child = async (execArgv: string[]) => {
    const measuring = fork(bundle, [way, url, String(calls)], { execArgv });
    measuring.once("exit", (status) => status && process.exit(status));
    const [found] = await once(measuring, "message");
    return found as WaitingCalls;
  };
  const { empty, requests, waiting } = await child([]);
  const { heapPerCall } = await child(["--expose-gc"]);
  const [emptyMB, requestsMB, waitingMB] = [empty, requests, waiting].map((n) => Math.round(n / 1e6));
  return { way, calls, emptyMB, requestsMB, waitingMB, bytesPerCall: Math.round(heapPerCall) };
}
