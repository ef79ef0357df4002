import Anthropic from "@anthropic-ai/sdk";
import { type BatchEvent, Batches, type BatchesOptions } from "./batches.js";
import { batchesService } from "./batches-service.js";
import { openBatchesStore } from "./batches-store.js";
import type { Budget } from "./budget.js";
import { type ClaudeOptions, claude, claudeClient, claudeKey } from "./claude.js";
import { claudeReply } from "./claude-reply.js";
import { claudeRequest } from "./claude-request.js";
import { modelFacts, priceAt } from "./model-facts.js";
import { mostTokens } from "./request-size.js";
import { modelCallError } from "./service-failure.js";
import type { TextModel, TextReply, TextRequest, Usage } from "./text-model.js";
import { withLedger } from "./with-ledger.js";

export interface ClaudeBatchesOptions
  extends Omit<ClaudeOptions, "concurrency" | "limits" | "onWarning">,
    Partial<Omit<BatchesOptions, "maxRetries">> {
  /** Further attempts after a failure that passes with time, and further batches for a request. Default: 6. */
  maxRetries?: number | undefined;
  /** Told when a batch is sent, found again, or ended. */
  onBatch?: ((event: BatchEvent) => void) | undefined;
}

/**
 * Claude by Message Batches: half the price, and an answer within a day, most within an hour. Calls wait for each other
 * and go out together, so ask as many as there are at the same time: `interpret` with `concurrency: latents.length`
 * makes one batch of all explanations, then one of all scores.
 *
 * Comes with its ledger, at `place` (a file that ends in `.sqlite`, or a folder): a process that is stopped or dies
 * finds its batches again when the same calls are made again, and nothing is paid for twice. Replies are shared with
 * `withLedger(claude(), place)`.
 *
 * @throws {ModelCallError} If there is no key, or none that can be sent (`scope` is `stop`).
 * @throws {RangeError} If `baseURL` is no address, or holds a password.
 */
export function claudeBatches(place: string, options: ClaudeBatchesOptions = {}): TextModel {
  const model = options.model ?? "claude-haiku-5-5";
  const apiKey = claudeKey(model, options);
  const service = {
    ...{ sdk: Anthropic, model, key: apiKey, prices: modelFacts(model) },
    keyAdvice: "check ANTHROPIC_API_KEY, or use pattern(), which needs no key",
  };
  const batches = new Batches(
    {
      service: batchesService(claudeClient(apiKey, options), service, options),
      store: openBatchesStore(place),
      dialect: {
        model,
        body: (request) => claudeRequest(model, request),
        reply: (message) => discounted(model, claudeReply(message)),
        error: (failure) => modelCallError(failure, service),
      },
    },
    { ...defaults, ...options, maxRetries: options.maxRetries ?? 6 },
  );
  const { count } = claude({ ...options, apiKey });
  const complete: TextModel["complete"] = (request, { signal } = {}) =>
    options.budget && !batches.wasSent(request)
      ? withinBudget(options.budget, { model, batches, request, signal })
      : batches.complete(request, signal);
  return withLedger({ name: model, complete, ...(count && { count }) }, place);
}

/** The service takes 100,000 requests or 256 MB. */
const defaults: Omit<BatchesOptions, "maxRetries"> = {
  maxRequests: 100_000,
  maxBytes: 250_000_000,
  idleMs: 10_000,
  pollMs: [5_000, 60_000],
  settleMs: 60_000,
  onBatch: undefined,
};

/** Price in a batch; `undefined` for a model that the table lacks. */
function batchPrice(model: string, usage: Usage): number | undefined {
  const facts = modelFacts(model);
  return facts?.batch ? priceAt(facts, usage) * facts.batch : undefined;
}

function discounted(model: string, reply: TextReply): TextReply {
  return { ...reply, dollars: batchPrice(reply.model, reply.usage) ?? batchPrice(model, reply.usage) };
}

interface Asking {
  model: string;
  batches: Batches;
  request: TextRequest;
  signal: AbortSignal | undefined;
}

async function withinBudget(budget: Budget, { model, batches, request, signal }: Asking): Promise<TextReply> {
  const costOf = (usage: Usage) => ({
    tokens: usage.inputTokens + usage.outputTokens,
    dollars: batchPrice(model, usage),
  });
  const inputTokens = mostTokens(request);
  const outputTokens = claudeRequest(model, request).max_tokens;
  const most = costOf({ inputTokens, outputTokens, cachedInputTokens: 0, cacheWriteTokens: inputTokens });
  const funds = await budget.reserve(model, most, { signal });
  let cost = { tokens: 0, dollars: 0 } as ReturnType<typeof costOf>;
  try {
    const reply = await batches.complete(request, signal);
    cost = costOf(reply.usage);
    return reply;
  } finally {
    // Whoever gives up on a batch that was sent pays for it all the same.
    if (signal?.aborted && batches.wasSent(request)) cost = most;
    funds.settle(cost);
  }
}
