import type { Embedder } from "../llm/embedder.js";
import { noUsage } from "../llm/text-model.js";
import { settingsOf } from "../settings.js";
import { dot } from "../stats/dot.js";
import { row } from "../tensor.js";
import { attempt } from "./attempt.js";
import { gradedJudgements, gradedScore } from "./graded-score.js";
import { textItems } from "./item.js";
import type { Scorer } from "./scorer.js";

export interface EmbeddingOptions {
  /**
   * Stands before the explanation, as embedders want it that follow instructions, e.g. "Instruct: Retrieve sentences that
   * could be related to the explanation.\nQuery:" (the paper's). Default: nothing.
   */
  instruction?: string | undefined;
}

/**
 * Embedding (Paulo et al. 2024, section 3.3): whether the explanation, as a search query, finds the texts.
 *
 * Input: test windows and silent windows as plain text. A text's grade is the cosine of its vector and the explanation's.
 * Output: the AUROC of the grades. Blind to where in a text the latent fires; it measures topic.
 */
export function embedding(embedder: Embedder, options: EmbeddingOptions = {}): Scorer {
  const name = "embedding";
  const { instruction = "" } = options;
  return {
    name,
    model: embedder.name,
    settings: settingsOf(options, embedder),
    async score(explanation, examples, { signal } = {}) {
      const items = textItems(examples);
      const likenesses = await attempt(async () => {
        const texts = [instruction + explanation.text, ...items.map(({ text }) => text)];
        const vectors = await embedder.embed(texts, { signal });
        const query = row(vectors, 0);
        return items.map((_, i) => dot(query, row(vectors, i + 1)));
      });
      return gradedScore({
        scorer: name,
        model: embedder.name,
        grade: "likeness",
        judgements: gradedJudgements(items, likenesses, (likeness) => likeness),
        usage: noUsage,
      });
    },
  };
}
