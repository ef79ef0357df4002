import { callSignal } from "../progress.js";
import { row } from "../tensor.js";
import { chunks } from "./chunks.js";
import { type Embedder, textsPerCall } from "./embedder.js";
import { keptNumbers, type NumbersCall } from "./kept-numbers.js";
import { currentStandIn } from "./rehearsal.js";
import { type AddressedRequest, addressNumbers } from "./request-key.js";
import { textRows } from "./text-rows.js";

/** An embedder with a memory, see `withLedger`: each text's vector is kept by itself. */
export function keptEmbedder(embedder: Embedder, place: string): Embedder {
  const { name, settings, prices } = embedder;
  const kept = keptNumbers(place, { prices });
  return {
    ...{ name, settings, prices },
    async embed(texts, options = {}) {
      // Nothing of a rehearsal is to be remembered.
      if (currentStandIn()) return embedder.embed(texts, options);
      const signal = callSignal(options);
      const callsFor = (unknown: readonly AddressedRequest[]): NumbersCall[] =>
        chunks(unknown, textsPerCall).map((part) => {
          const asked = part.map(({ question }) => question);
          return {
            asked: vectorAddress(embedder, JSON.stringify(asked)),
            keys: part.map(({ key }) => key),
            async ask(onUsage) {
              const vectors = await embedder.embed(asked, { signal, onUsage });
              return asked.map((_, i) => ({ data: row(vectors, i) }));
            },
          };
        });
      const wanted = texts.filter((text) => text !== "").map((text) => vectorAddress(embedder, text));
      const found = await kept(wanted, callsFor, { signal });
      return textRows(
        texts,
        found.map(({ data }) => data),
      );
    },
  };
}

export function vectorAddress(
  { name, settings }: Pick<Embedder, "name" | "settings">,
  text: string,
): AddressedRequest {
  return addressNumbers(name, { text, wanted: { numbers: "vector" } }, settings);
}
