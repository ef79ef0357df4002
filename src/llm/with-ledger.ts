import { ModelCallError } from "../errors.js";
import { type Ledger, openLedger, requestKey } from "./ledger.js";
import type { TextModel, TextReply, TextRequest } from "./text-model.js";

/**
 * The same model with a memory: a request that the ledger of `folder` knows is answered from there, any other
 * is recorded with its reply before it is used. Equal requests at the same time make one call. A second run
 * with the same folder makes no call.
 */
export function withLedger(model: TextModel, folder: string): TextModel {
  const underWay = new Map<string, Promise<TextReply>>();
  let opened: Promise<Ledger> | undefined;
  return {
    name: model.name,
    async complete(request, options = {}) {
      options.signal?.throwIfAborted();
      opened ??= openLedger(folder);
      const ledger = await opened;
      const key = requestKey(model.name, request);
      const known = ledger.get(key);
      if (known) return known;
      // Another caller's reply, unless that caller fails or gives up: then we ask ourselves.
      for (let other = underWay.get(key); other; other = underWay.get(key)) {
        const reply = await other.catch(() => undefined);
        if (reply) return reply;
        options.signal?.throwIfAborted();
      }
      const call = callAndRecord(model, { ledger, key, request, signal: options.signal });
      underWay.set(key, call);
      try {
        return await call;
      } finally {
        underWay.delete(key);
      }
    },
  };
}

interface Call {
  ledger: Ledger;
  key: string;
  request: TextRequest;
  signal: AbortSignal | undefined;
}

async function callAndRecord(model: TextModel, { ledger, key, request, signal }: Call): Promise<TextReply> {
  const record = { key, model: model.name, request };
  try {
    const reply = await model.complete(request, { signal });
    await ledger.put({ ...record, at: new Date().toISOString(), reply });
    return reply;
  } catch (error) {
    if (error instanceof ModelCallError) {
      await ledger.put({ ...record, at: new Date().toISOString(), failure: error.message });
    }
    throw error;
  }
}
