import type { Embedder } from "../llm/embedder.js";
import { noUsage } from "../llm/text-model.js";
import { settingsOf } from "../settings.js";
import { dot } from "../stats/dot.js";
import { row, type Tensor } from "../tensor.js";
import { attempt } from "./attempt.js";
import { gradedJudgements, gradedScore } from "./graded-score.js";
import { textItems } from "./item.js";
import type { Scorer } from "./scorer.js";

export interface ExampleEmbeddingOptions {
  /** Silent windows that texts are compared with; they are not graded themselves. Default: 10, at most half of them. */
  contrast?: number | undefined;
}

/**
 * Example embedding (arXiv 2507.08473): whether the texts where the latent fires are alike. It needs no explanation and
 * looks at none: it bounds what an explanation of topic can reach.
 *
 * Input: train windows, test windows and silent windows as plain text. The grade of a test or silent window is its mean
 * cosine with the train windows less its mean cosine with the first silent windows, which are set apart for this. Output:
 * the AUROC of the grades.
 */
export function exampleEmbedding(embedder: Embedder, options: ExampleEmbeddingOptions = {}): Scorer {
  const name = "example embedding";
  return {
    name,
    model: embedder.name,
    settings: settingsOf(options, embedder),
    readsExplanation: false,
    async score(_explanation, examples, { signal } = {}) {
      const silent = examples.nonActivating;
      const apart = Math.min(options.contrast ?? 10, Math.floor(silent.length / 2));
      const items = textItems({ ...examples, nonActivating: silent.slice(apart) });
      const likenesses = await attempt(async () => {
        const meanOf = async (windows: readonly { pieces: readonly string[] }[]) =>
          meanVector(
            await embedder.embed(
              windows.map(({ pieces }) => pieces.join("")),
              { signal },
            ),
          );
        const firing = await meanOf(examples.train);
        const contrast = await meanOf(silent.slice(0, apart));
        const vectors = await embedder.embed(
          items.map(({ text }) => text),
          { signal },
        );
        return items.map((_, i) => dot(firing, row(vectors, i)) - dot(contrast, row(vectors, i)));
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

/** Mean of the rows; its dot product with a vector is the mean of theirs. Zeros where there is no row. */
function meanVector(vectors: Tensor): Float32Array {
  const [count, width] = vectors.shape;
  const mean = new Float32Array(width);
  vectors.data.forEach((value, i) => {
    mean[i % width] += value / count;
  });
  return mean;
}
