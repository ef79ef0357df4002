/**
 * Asks questions 0 to COUNT - 1 by Message Batches, through the real SDK and a ledger: `batches-run.ts URL FOLDER COUNT`.
 * To be killed at any time. Ends with status 1 if a reply is not the question's.
 */
import { claudeBatches } from "../../src/llm/claude-batches.js";

const [baseURL, folder, count] = process.argv.slice(2) as [string, string, string];
const llm = claudeBatches(folder, {
  ...{ apiKey: "test-key-of-batches-run", baseURL },
  ...{ maxRequests: 50, idleMs: 30, pollMs: [10, 40], settleMs: 300 },
});
const ask = async (i: number) => {
  const messages = [{ role: "user" as const, content: `question ${i}` }];
  const { text } = await llm.complete({ system: "s", messages, maxTokens: 10 });
  if (text !== `answer to question ${i}`) throw new Error(`question ${i} got "${text}"`);
};
// In waves, as scores are asked for after explanations: batches are made at different times.
const wave = 100;
for (let from = 0; from < Number(count); from += wave) {
  const questions = Array.from({ length: Math.min(wave, Number(count) - from) }, (_, i) => from + i);
  await Promise.all(questions.map(ask));
}
