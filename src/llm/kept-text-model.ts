import { ModelCallError } from "../errors.js";
import { fromOther } from "./from-other.js";
import { type KeptReply, type Ledger, openLedger } from "./ledger.js";
import { type AddressedRequest, addressRequest } from "./request-key.js";
import type { TextModel, TextReply, TextRequest } from "./text-model.js";

/** A text model with a memory, see `withLedger`. */
export function keptTextModel(model: TextModel, place: string): TextModel {
  const ledger = openLedger(place);
  const underWay = new Map<string, Promise<TextReply>>();
  const { name, settings, prices, count } = model;
  return {
    ...{ name, settings, prices },
    ...(count && { count: (request, options) => count.call(model, request, options) }),
    async complete(request, { signal } = {}) {
      signal?.throwIfAborted();
      const asked = addressRequest(name, request, settings);
      const known = ledger.find(asked.key);
      if (known) return keptReply(ledger, known);
      for (let other = underWay.get(asked.key); other; other = underWay.get(asked.key)) {
        const reply = await fromOther(other, { signal });
        if (reply) return reply;
      }
      const call = callAndKeep(model, { ledger, asked, request, signal, underWay });
      underWay.set(asked.key, call);
      return call;
    },
  };
}

/** A kept reply; the ledger hears of what becomes of it. */
function keptReply(ledger: Ledger, { call, reply }: KeptReply): TextReply {
  return { ...reply, onRead: (reading) => ledger.note({ ...reading, call }) };
}

interface Call {
  ledger: Ledger;
  asked: AddressedRequest;
  request: TextRequest;
  signal: AbortSignal | undefined;
  /** By the requests' keys; the call leaves it when it ends. */
  underWay: Map<string, unknown>;
}

/** Not an async function, whose frame would stay in memory while thousands wait. */
function callAndKeep(
  model: TextModel,
  { ledger, asked, request, signal, underWay }: Call,
): Promise<TextReply> {
  const start = performance.now();
  const keep = (end: { reply: TextReply } | { failure: string }) => {
    const kept = ledger.keep({ asked, prices: model.prices, waitedMs: performance.now() - start, ...end });
    return kept.finally(() => underWay.delete(asked.key));
  };
  return model.complete(request, { signal }).then(
    async (reply) => keptReply(ledger, { reply, call: await keep({ reply }) }),
    async (error: unknown) => {
      if (error instanceof ModelCallError) await keep({ failure: error.message });
      else underWay.delete(asked.key);
      throw error;
    },
  );
}
