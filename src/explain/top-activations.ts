import type { LatentExamples } from "../examples/example.js";
import { highlight, strengths } from "../examples/markup.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import type { Explainer } from "./explainer.js";
import { questionExplainer } from "./question-explainer.js";
import { explanationReading } from "./read-explanation.js";
import { explainMessages, explainSystem, type MarkedExample } from "./top-activations-prompt.js";

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
  return questionExplainer(llm, {
    name: "top-activations",
    options,
    request: (examples) => topActivationsRequest(examples, options),
    ...explanationReading,
  });
}

/** The whole question about a latent, as it is sent. */
export function topActivationsRequest(
  examples: LatentExamples,
  options: TopActivationsOptions = {},
): TextRequest {
  const { showStrengths = true } = options;
  return {
    system: explainSystem({ strengths: showStrengths }),
    messages: explainMessages(markedExamples(examples, options), { strengths: showStrengths }),
    ...replyLimits(options),
  };
}

/** The training examples as they are shown. */
export function markedExamples(
  { train, maxActivation }: Pick<LatentExamples, "train" | "maxActivation">,
  { threshold = 0.3, showStrengths = true, examples = 40 }: TopActivationsOptions = {},
): MarkedExample[] {
  return train.slice(0, examples).map((example) => ({
    text: highlight(example, threshold),
    strengths: showStrengths ? strengths(example, maxActivation) : undefined,
  }));
}

/** What a request says of the reply. */
export function replyLimits({
  maxTokens = 500,
  temperature,
}: Pick<TopActivationsOptions, "maxTokens" | "temperature">): Pick<TextRequest, "maxTokens" | "temperature"> {
  return { maxTokens, temperature };
}
