import type { LatentExamples } from "../examples/example.js";
import type { Outcome } from "../llm/outcome.js";
import { settingsOf } from "../settings.js";
import type { Explainer, Explanation } from "./explainer.js";
import { usageOf } from "./usage-of.js";

export interface BothSignsOptions {
  /**
   * Examples of the other side of a latent's direction; `undefined` where it has none. Where a coder keeps the two sides as
   * two latents (`identityCoder`), those of `oppositeLatent`.
   */
  otherSide: (examples: LatentExamples) => Promise<LatentExamples | undefined> | LatentExamples | undefined;
}

/**
 * Explains both sides of a direction, each from its own examples, as `senses`: where it is positive, and where it is negative.
 * Each has its share of the windows in which either fires. The text is that of both.
 *
 * @see Neuronpedia's explanations from the lowest activations.
 */
export function bothSigns(explainer: Explainer, options: BothSignsOptions): Explainer {
  const name = `${explainer.name} both-signs`;
  return {
    name,
    model: explainer.model,
    settings: settingsOf({ explainer, ...options }),
    hookpoint: explainer.hookpoint,
    async explain(examples, { signal } = {}) {
      const other = await options.otherSide(examples);
      const positive = await explainer.explain(examples, { signal });
      if (positive.status !== "ok" || !other) return renamed(positive, name);
      const negative = await explainer.explain(other, { signal });
      const usage = usageOf([positive, negative]);
      if (negative.status !== "ok") return { ...negative, usage };
      const share = examples.windowCount / (examples.windowCount + other.windowCount);
      const [above, below] = [positive.value, negative.value];
      const value: Explanation = {
        latent: examples.latent,
        text: `where positive: ${above.text}; where negative: ${below.text}`,
        explainer: name,
        model: explainer.model,
        usage,
        senses: [
          { text: above.text, share },
          { text: below.text, share: 1 - share },
        ],
        ...((above.incomplete || below.incomplete) && { incomplete: true }),
      };
      return { status: "ok", value };
    },
  };
}

function renamed(outcome: Outcome<Explanation>, explainer: string): Outcome<Explanation> {
  return outcome.status === "ok" ? { status: "ok", value: { ...outcome.value, explainer } } : outcome;
}
