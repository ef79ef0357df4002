/** A whole run over the network is kept in one ledger: a second one sends nothing, and one without a server gives the same. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { topActivations } from "../../src/explain/top-activations.js";
import type { Embedder } from "../../src/llm/embedder.js";
import { ledgerSummary } from "../../src/llm/ledger-summary.js";
import { openAICompatible } from "../../src/llm/openai-compatible.js";
import { openAIEmbedder } from "../../src/llm/openai-embedder.js";
import { openAITokenScorer } from "../../src/llm/openai-token-scorer.js";
import { replay } from "../../src/llm/replay.js";
import { replayEmbedder } from "../../src/llm/replay-embedder.js";
import { replayTokenScorer } from "../../src/llm/replay-token-scorer.js";
import type { TextModel } from "../../src/llm/text-model.js";
import type { TokenScorer } from "../../src/llm/token-scorer.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { interpret } from "../../src/run/interpret.js";
import type { RunResult } from "../../src/run/null-run.js";
import { detection } from "../../src/score/detection.js";
import { embedding } from "../../src/score/embedding.js";
import { exampleEmbedding } from "../../src/score/example-embedding.js";
import { simulation } from "../../src/score/simulation.js";
import { surprisal } from "../../src/score/surprisal.js";
import { toyCache } from "../examples/toy-cache.js";
import { openAIServer } from "../servers/openai-server.js";

const folder = mkdtempSync(join(tmpdir(), "saelab-ledger-run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("makes no call of any kind in a second run, and needs no server in a third", async () => {
  const cache = await toyCache();
  const latents = cache.sample(1, { seed: 1, minCount: 100 });
  const server = await openAIServer();
  const service = (model: string) => ({ model, baseURL: `${server.url}/v1` });

  const resultsOf = async (llm: TextModel, embedder: Embedder, likely: TokenScorer) => {
    const scorers = [
      ...[detection(llm), detection(likely), simulation(likely), surprisal(likely)],
      ...[embedding(embedder), exampleEmbedding(embedder)],
    ];
    const options = {
      ...{ explainer: topActivations(llm), scorers, examples: { train: 10, test: 10 } },
      ...{ nulls: false as const, onProgress: false as const },
    };
    const results: RunResult[] = [];
    for await (const result of interpret(cache, latents, options)) results.push(result);
    return results;
  };
  const ask = () =>
    resultsOf(
      withLedger(openAICompatible(service("chat")), folder),
      withLedger(openAIEmbedder(service("embed")), folder),
      withLedger(openAITokenScorer(service("score")), folder),
    );

  const first = await ask();
  expect(first.map((result) => result.status === "scored" && result.scores.length)).toEqual([6]);
  const sent = server.requests.length;
  const kept = ledgerSummary(folder).models.map(({ model, calls }) => [model, calls]);
  expect(kept.map(([model]) => model)).toEqual(["chat", "embed", "score"]);
  expect(kept.reduce((sum, [, calls]) => sum + Number(calls), 0)).toBe(sent);

  expect(await ask()).toEqual(first);
  expect(server.requests).toHaveLength(sent);

  await server.close();
  const again = await resultsOf(replay(folder), replayEmbedder(folder), replayTokenScorer(folder));
  expect(again).toEqual(first);
}, 60_000);
