/**
 * Asks questions 0 to COUNT - 1 through the real SDK and a ledger, and says on a line of its own which one was answered:
 * `kill-run.ts URL FOLDER COUNT`. To be killed at any time.
 */
import { writeSync } from "node:fs";
import { pMapIterable } from "p-map";
import { claude } from "../../src/llm/claude.js";
import { withLedger } from "../../src/llm/with-ledger.js";

const [baseURL, folder, count] = process.argv.slice(2) as [string, string, string];
const concurrency = 32;
const llm = withLedger(
  claude({ apiKey: "test-key-of-kill-run", baseURL, maxRetries: 0, concurrency }),
  folder,
);
const questions = Array.from({ length: Number(count) }, (_, i) => i);
const ask = async (i: number) => {
  const messages = [{ role: "user" as const, content: `question ${i}` }];
  const { text } = await llm.complete({ system: "s", messages, maxTokens: 10 });
  if (text !== `answer to question ${i}`) throw new Error(`question ${i} got "${text}"`);
  writeSync(1, `${i}\n`);
};
for await (const _ of pMapIterable(questions, ask, { concurrency, backpressure: concurrency })) {
  // Nothing is left to do.
}
