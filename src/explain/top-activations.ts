import type { Example, LatentExamples } from "../examples/example.js";
import { highlight, strengths } from "../examples/markup.js";
import { latentName } from "../latent.js";
import { ask } from "../llm/ask.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import type { Explainer } from "./explainer.js";
import { readExplanation } from "./read-explanation.js";
import { explainMessages, explainSystem } from "./top-activations-prompt.js";

export interface TopActivationsOptions {
  /** A token is marked where its activation exceeds this share of the window's peak. Default: 0.3 (the paper). */
  threshold?: number | undefined;
  /** Whether a line below each example tells how strongly the latent fires. Default: true (the paper). */
  showStrengths?: boolean | undefined;
  /** At most so many training examples are shown. Default: 40 (the paper). */
  examples?: number | undefined;
  /** Length limit of the reply. Default: 500 (the paper). */
  maxTokens?: number | undefined;
  /** For models that take it. Default: the model's own; the paper ran 0.7. */
  temperature?: number | undefined;
}

/**
 * The paper's explainer (Paulo et al. 2024, section 3.2): shows training examples with marks and strengths to
 * a language model and asks for one sentence. Our wording, not the reference implementation's; which examples
 * are shown is up to `sampleExamples`.
 */
export function topActivations(llm: TextModel, options: TopActivationsOptions = {}): Explainer {
  const name = "top-activations";
  return {
    name,
    model: llm.name,
    async explain(examples, { signal } = {}) {
      if (examples.train.length === 0) {
        const reason = `Cannot explain ${latentName(examples.latent)}: it has no training examples; sample it from a cache in which it fires`;
        return { status: "failed", reason };
      }
      const request = topActivationsRequest(examples, options);
      const { outcome, usage } = await ask(llm, request, { read: readExplanation, signal });
      if (outcome.status !== "ok") return outcome;
      const { latent } = examples;
      return {
        status: "ok",
        value: { latent, text: outcome.value, explainer: name, model: llm.name, usage },
      };
    },
  };
}

/** The whole question about a latent, as it is sent. */
export function topActivationsRequest(
  examples: LatentExamples,
  options: TopActivationsOptions = {},
): TextRequest {
  const { threshold = 0.3, showStrengths = true } = options;
  const mark = (example: Example) => ({
    text: highlight(example, threshold),
    strengths: showStrengths ? strengths(example, examples.maxActivation) : undefined,
  });
  const shown = examples.train.slice(0, options.examples ?? 40).map(mark);
  return {
    system: explainSystem({ strengths: showStrengths }),
    messages: explainMessages(shown, { strengths: showStrengths }),
    maxTokens: options.maxTokens ?? 500,
    temperature: options.temperature,
  };
}
