/** Keeps replies in a ledger, one after another, in a process of its own: `write-ledger.ts FOLDER NAME COUNT`. */
import { withLedger } from "../../src/llm/with-ledger.js";

const [folder, name, count] = process.argv.slice(2) as [string, string, string];
const usage = { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0 };
const llm = withLedger(
  { name: "m", complete: async () => ({ text: "r", stop: "end", model: "m", usage }) },
  folder,
);
await Promise.all(
  Array.from({ length: Number(count) }, async (_, i) => {
    const messages = [{ role: "user" as const, content: `${name} ${i}` }];
    // A few at a time, so that the processes take turns.
    await new Promise((done) => setTimeout(done, Math.floor(i / 10) * 3));
    await llm.complete({ system: "s", messages, maxTokens: 10 });
  }),
);
