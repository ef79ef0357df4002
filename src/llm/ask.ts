import { ModelCallError } from "../errors.js";
import type { Outcome } from "./outcome.js";
import { currentStandIn } from "./rehearsal.js";
import { noUsage, type TextModel, type TextReply, type TextRequest, type Usage } from "./text-model.js";
import { cutInThought, isCutInThought } from "./thoughts.js";

/** What a question came to, and what it cost. */
export interface Asked<T> {
  readonly outcome: Outcome<T>;
  readonly usage: Usage;
}

export interface AskOptions<T> {
  read: (text: string) => T;
  parser: string;
  signal?: AbortSignal | undefined;
}

/**
 * Asks one question and reads the reply. Refusals, cut replies, unreadable replies and calls that failed
 * are outcomes; an answer is only what `read` accepts.
 *
 * @param read Gives the value, or throws a `SyntaxError` that says what was wanted.
 * @param parser Name and version of `read`, under which a ledger keeps the outcome. A new version reads kept
 *   replies again and asks nobody.
 * @throws {ModelCallError} If the whole run should stop (`scope` is `stop`).
 */
export async function ask<T>(
  model: TextModel,
  request: TextRequest,
  { read, parser, signal }: AskOptions<T>,
): Promise<Asked<T>> {
  try {
    const standIn = currentStandIn();
    const reply = await (standIn?.({ model, request, read }) ?? model.complete(request, { signal }));
    const outcome = readReply(reply, read);
    const reason = outcome.status === "ok" ? undefined : outcome.reason;
    reply.onRead?.({ parser, status: outcome.status, reason });
    return { outcome, usage: reply.usage };
  } catch (error) {
    if (!(error instanceof ModelCallError) || error.scope === "stop") throw error;
    return { outcome: { status: "failed", reason: error.message }, usage: noUsage };
  }
}

/** What a reply says, as an outcome. A cut reply is never read, even where it could be. */
export function readReply<T>(reply: TextReply, read: (text: string) => T): Outcome<T> {
  if (reply.stop === "refused") {
    return { status: "refused", reason: `${reply.model} refused to answer`, reply: reply.text };
  }
  if (reply.stop === "truncated") {
    const why = isCutInThought(reply) ? cutInThought : "reached the length limit";
    return { status: "truncated", reason: `${reply.model} ${why}`, reply: reply.text };
  }
  try {
    return { status: "ok", value: read(reply.text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { status: "unparsed", reason: error.message, reply: reply.text };
  }
}
