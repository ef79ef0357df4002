import { tokenLine } from "../llm/example-lines.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import type { SubjectModel } from "../model/subject-model.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import type { Explainer } from "./explainer.js";
import { questionExplainer } from "./question-explainer.js";
import { explanationReading } from "./read-explanation.js";
import { tokenSystem } from "./token-prompt.js";
import { replyLimits, type TopActivationsOptions } from "./top-activations.js";
import {
  type VocabularyProjection,
  type VocabularyProjectionOptions,
  vocabularyProjection,
} from "./vocabulary-projection.js";

export interface VocabularyOptions
  extends VocabularyProjectionOptions,
    Pick<TopActivationsOptions, "maxTokens" | "temperature"> {
  model: SubjectModel;
  coder: SparseCoder;
}

/**
 * Explains a latent by what it does, not by where it fires: from the tokens that its direction promotes and suppresses
 * (`vocabularyProjection`), 50 of each by default. Scorers that show text where the latent fires measure something else;
 * the two agree for few latents (Gur-Arieh et al. 2025, arXiv 2501.08319).
 */
export function vocabulary(llm: TextModel, options: VocabularyOptions): Explainer {
  return questionExplainer(llm, {
    name: "vocabulary",
    options,
    hookpoint: options.coder.hookpoint,
    request: async ({ latent }) =>
      vocabularyRequest(await vocabularyProjection(options, latent.index, { top: 50, ...options }), options),
    ...explanationReading,
  });
}

/** The whole question about a latent, as it is sent. */
export function vocabularyRequest(
  projection: VocabularyProjection,
  options: Pick<TopActivationsOptions, "maxTokens" | "temperature"> = {},
): TextRequest {
  return {
    system: tokenSystem([
      "You are shown the tokens that the unit makes most likely to come next when it is active, and those that it makes least likely, each with its effect. Those made likely count for more.",
    ]),
    messages: [{ role: "user", content: projectionLines(projection).join("\n") }],
    ...replyLimits(options),
  };
}

/** What a prompt shows of a projection. */
export function projectionLines({ promoted, suppressed }: VocabularyProjection): string[] {
  const shown = (tokens: VocabularyProjection["promoted"]) =>
    tokens.map(({ piece, logit }) => ({ piece, strength: Math.round(10 * logit) / 10 }));
  return [tokenLine("Promoted", shown(promoted)), tokenLine("Suppressed", shown(suppressed))];
}
