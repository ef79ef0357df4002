/**
 * Interprets the first COUNT latents of a cache into a directory, through the real SDK and a ledger in that directory:
 * `interpret-run.ts URL CACHE DIRECTORY COUNT`. To be killed at any time.
 */
import { join } from "node:path";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { claude } from "../../src/llm/claude.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { interpret } from "../../src/run/interpret.js";
import { detection } from "../../src/score/detection.js";
import { fuzzing } from "../../src/score/fuzzing.js";

const [baseURL, folder, directory, count] = process.argv.slice(2) as [string, string, string, string];
const llm = withLedger(
  claude({ apiKey: "test-key-of-interpret-run", baseURL, maxRetries: 0 }),
  join(directory, "ledger"),
);
const cache = await LatentCache.open(folder);
const latents = Array.from({ length: Number(count) }, (_, index) => ({ hookpoint: cache.hookpoint, index }));
const results = interpret(cache, latents, {
  ...{ explainer: topActivations(llm), scorers: [detection(llm), fuzzing(llm)] },
  ...{ examples: { train: 20, test: 20 }, nulls: { share: 1, runs: false }, onProgress: false },
  ...{ directory, concurrency: 2 },
});
for await (const result of results) {
  if (result.status !== "scored") throw new Error(`a latent was not scored: ${JSON.stringify(result)}`);
}
