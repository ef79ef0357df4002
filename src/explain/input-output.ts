import type { LatentExamples } from "../examples/example.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import type { Explainer } from "./explainer.js";
import { questionExplainer } from "./question-explainer.js";
import { explanationReading } from "./read-explanation.js";
import { markedExamples, replyLimits, type TopActivationsOptions } from "./top-activations.js";
import { explainMessages, explainQuestion, explainSystem } from "./top-activations-prompt.js";
import { projectionLines, type VocabularyOptions } from "./vocabulary.js";
import { type VocabularyProjection, vocabularyProjection } from "./vocabulary-projection.js";

export type InputOutputOptions = VocabularyOptions & TopActivationsOptions;

/**
 * Explains a latent from both sides at once: the texts where it fires, and the tokens that its direction promotes and
 * suppresses. Gur-Arieh et al. 2025 (arXiv 2501.08319): descriptions from both describe effects better than those from texts
 * alone.
 */
export function inputOutput(llm: TextModel, options: InputOutputOptions): Explainer {
  return questionExplainer(llm, {
    name: "input-output",
    options,
    hookpoint: options.coder.hookpoint,
    request: async (examples) => {
      const projection = await vocabularyProjection(options, examples.latent.index, options);
      return inputOutputRequest(examples, projection, options);
    },
    ...explanationReading,
  });
}

/** The whole question about a latent, as it is sent. */
export function inputOutputRequest(
  examples: LatentExamples,
  projection: VocabularyProjection,
  options: TopActivationsOptions = {},
): TextRequest {
  const { showStrengths = true } = options;
  const shown = markedExamples(examples, options);
  return {
    system: explainSystem({
      strengths: showStrengths,
      shown: [
        "Below the last excerpts stand the tokens that the unit makes most and least likely to come next, each with its effect. They help where the excerpts leave a choice, and mislead where they are mere chance.",
      ],
    }),
    messages: explainMessages(shown, {
      strengths: showStrengths,
      ask: (asked, turn) => [explainQuestion(asked), ...(turn ? [] : projectionLines(projection))].join("\n"),
    }),
    ...replyLimits(options),
  };
}
