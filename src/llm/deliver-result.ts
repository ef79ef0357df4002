import type { BatchDialect } from "./batch-dialect.js";
import type { BatchCall } from "./batch-group.js";
import type { BatchResult, KnownBatch } from "./batches-service.js";

export interface DeliverOptions {
  readonly batch: KnownBatch;
  readonly dialect: BatchDialect;
  /** How many further batches a request goes into that the service did not get to. */
  readonly maxRetries: number;
}

/** Gives a caller its result, if it is one; else the call goes into another batch, or has failed. */
export function deliverResult(
  call: BatchCall,
  { result }: BatchResult,
  { batch, dialect, maxRetries }: DeliverOptions,
): "paid" | "again" | "failed" {
  if (result.type === "succeeded") {
    try {
      call.resolve(dialect.reply(result.message));
    } catch (error) {
      call.reject(error);
    }
    return "paid";
  }
  const said = result.type === "errored" ? result.error.error : undefined;
  const passing = said === undefined || /^(api|overloaded|timeout|rate_limit)_error$/.test(said.type);
  if (result.type !== "canceled" && passing && ++call.retries <= maxRetries) return "again";
  const reason = said ? `${said.type}: ${said.message}` : `batch ${batch.id} ${fates[result.type] ?? ""}`;
  call.reject(dialect.error({ scope: "call", status: undefined, reason }));
  return "failed";
}

const fates: Readonly<Record<string, string>> = {
  canceled: "was canceled before its turn came; run again to ask anew",
  expired: "expired before its turn came; run again to ask anew",
};
