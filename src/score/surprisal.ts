import { currentStandIn } from "../llm/rehearsal.js";
import { noUsage } from "../llm/text-model.js";
import type { TokenScorer } from "../llm/token-scorer.js";
import { settingsOf } from "../settings.js";
import { attempt } from "./attempt.js";
import { furtherNumbers } from "./further-numbers.js";
import { areaOf, gradedJudgements, gradedScore } from "./graded-score.js";
import { textItems } from "./item.js";
import type { Scorer } from "./scorer.js";
import { noExplanation, surprisalPrefix } from "./surprisal-prompt.js";

/** Texts whose log-probabilities without an explanation are remembered: those of ten latents at once and more. */
const textsRemembered = 10_000;

/**
 * Surprisal (Paulo et al. 2024, section 3.3): how much likelier the explanation makes a text.
 *
 * Input: test windows and silent windows as plain text. A text's grade is log p(text | explanation) − log p(text |
 * “Various unrelated sentences.”) in nats, summed over its tokens, the first too (the paper's code leaves it out). Output:
 * the AUROC of the grades; `also` has that of the grades per token. Log-probabilities without an explanation are
 * remembered by text: k explanations of a latent cost k + 1 passes.
 *
 * @param model A language model that gives log-probabilities; one that continues text, not one that chats.
 */
export function surprisal(model: TokenScorer): Scorer {
  const name = "surprisal";
  const withoutExplanation = rememberedReadings(model);
  return {
    name,
    model: model.name,
    settings: settingsOf({}, model),
    async score(explanation, examples, { signal } = {}) {
      const items = textItems(examples);
      const texts = items.map(({ text }) => text);
      const gains = await attempt(async () => {
        const without = await withoutExplanation({ texts, signal });
        const given = await readAfter(model, explanation.text, { texts, signal });
        return given.map(({ sum, tokens }, i) => ({ sum: sum - without[i].sum, tokens }));
      });
      const perToken = gains.status === "ok" ? areaOf(items, gains.value.map(meanOf)) : undefined;
      return gradedScore({
        scorer: name,
        model: model.name,
        grade: "log-likelihood gain",
        judgements: gradedJudgements(items, gains, ({ sum }) => sum),
        usage: noUsage,
        ...(perToken && furtherNumbers({ "AUROC per token": perToken })),
      });
    },
  };
}

/** Log-probabilities of a text: their sum in nats, and of how many tokens. */
interface Reading {
  readonly sum: number;
  readonly tokens: number;
}

interface Texts {
  texts: readonly string[];
  signal?: AbortSignal | undefined;
}

async function readAfter(
  model: TokenScorer,
  description: string,
  { texts, signal }: Texts,
): Promise<Reading[]> {
  const found = await model.score(surprisalPrefix(description), texts, { signal });
  return found.map(({ logProbabilities }) => ({
    sum: logProbabilities.reduce((sum, p) => sum + p, 0),
    tokens: logProbabilities.length,
  }));
}

/** Reads texts after no explanation, each once. */
function rememberedReadings(model: TokenScorer) {
  const remembered = new Map<string, Reading>();
  return async ({ texts, signal }: Texts): Promise<Reading[]> => {
    // What is read in a rehearsal may be made up.
    const known = currentStandIn() ? new Map<string, Reading>() : remembered;
    const unread = [...new Set(texts)].filter((text) => !known.has(text));
    const read = await readAfter(model, noExplanation, { texts: unread, signal });
    const readings = new Map(unread.map((text, i) => [text, read[i]]));
    const found = texts.map((text) => (known.get(text) ?? readings.get(text)) as Reading);
    for (const [text, reading] of readings) known.set(text, reading);
    for (const oldest of known.keys()) {
      if (known.size <= textsRemembered) break;
      known.delete(oldest);
    }
    return found;
  };
}

function meanOf({ sum, tokens }: Reading): number {
  return sum / Math.max(1, tokens);
}
