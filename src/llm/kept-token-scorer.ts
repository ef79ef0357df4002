import { callSignal } from "../progress.js";
import { tensor } from "../tensor.js";
import { keptNumbers } from "./kept-numbers.js";
import type { Numbers } from "./ledger.js";
import { currentStandIn } from "./rehearsal.js";
import { type AddressedRequest, addressNumbers } from "./request-key.js";
import { type Choices, emptyScores, type TokenScorer, type TokenScores } from "./token-scorer.js";

type Named = Pick<TokenScorer, "name" | "settings">;

/** A token scorer with a memory, see `withLedger`: each text's log-probabilities after a prefix are kept by themselves. */
export function keptTokenScorer(scorer: TokenScorer, place: string): TokenScorer {
  const { name, settings, prices } = scorer;
  const kept = keptNumbers(place, { prices });
  return {
    ...{ name, settings, prices },
    async score(prefix, texts, options = {}) {
      // Nothing of a rehearsal is to be remembered.
      if (currentStandIn()) return scorer.score(prefix, texts, options);
      const signal = callSignal(options);
      const full = texts.filter((text) => text !== "");
      const wanted = full.map((text) => scoresAddress(scorer, { prefix, text }));
      const callFor = (asked: AddressedRequest) => ({
        ...{ asked, keys: [asked.key] },
        ask: async (onUsage: typeof options.onUsage) =>
          (await scorer.score(prefix, [asked.question], { signal, onUsage })).map(numbersOfScores),
      });
      const found = (await kept(wanted, (unknown) => unknown.map(callFor), { signal })).values();
      return texts.map((text) =>
        text === "" ? emptyScores() : scoresOfNumbers(found.next().value as Numbers),
      );
    },
    async choose(prefix, segments, options) {
      if (currentStandIn()) return scorer.choose(prefix, segments, options);
      const { candidates } = options;
      const signal = callSignal(options);
      const asked = choicesAddress(scorer, { prefix, segments, candidates });
      const call = {
        ...{ asked, keys: [asked.key] },
        ask: async (onUsage: typeof options.onUsage) => [
          numbersOfChoices(await scorer.choose(prefix, segments, { candidates, signal, onUsage })),
        ],
      };
      const [found] = await kept([asked], (unknown) => unknown.map(() => call), { signal });
      return choicesOfNumbers(found as Numbers, candidates.length);
    },
  };
}

export function scoresAddress(
  { name, settings }: Named,
  { prefix, text }: { prefix: string; text: string },
): AddressedRequest {
  return addressNumbers(name, { before: prefix, text, wanted: { numbers: "log-probabilities" } }, settings);
}

interface Choosing {
  prefix: string;
  segments: readonly string[];
  candidates: readonly string[];
}

export function choicesAddress(
  { name, settings }: Named,
  { prefix, segments, candidates }: Choosing,
): AddressedRequest {
  const wanted = { numbers: "choices", candidates } as const;
  return addressNumbers(name, { before: prefix, text: JSON.stringify(segments), wanted }, settings);
}

function numbersOfScores({ pieces, logProbabilities }: TokenScores): Numbers {
  return { data: logProbabilities, words: pieces };
}

export function scoresOfNumbers({ data, words = [] }: Numbers): TokenScores {
  return { pieces: words, logProbabilities: data };
}

/** All probabilities, then the mass of each segment. */
function numbersOfChoices({ probabilities, mass }: Choices): Numbers {
  return { data: Float32Array.of(...probabilities.data, ...mass) };
}

export function choicesOfNumbers({ data }: Numbers, candidates: number): Choices {
  const segments = data.length / (candidates + 1);
  const probabilities = tensor(data.subarray(0, segments * candidates), [segments, candidates]);
  return { probabilities, mass: data.subarray(segments * candidates) };
}
