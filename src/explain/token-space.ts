import type { LatentExamples } from "../examples/example.js";
import { type TokenNumber, tokenLine } from "../llm/example-lines.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import type { Explainer } from "./explainer.js";
import { questionExplainer } from "./question-explainer.js";
import { explanationReading } from "./read-explanation.js";
import { tokenSystem } from "./token-prompt.js";
import { replyLimits, type TopActivationsOptions } from "./top-activations.js";

export interface TokenSpaceOptions extends Pick<TopActivationsOptions, "maxTokens" | "temperature"> {
  /** At most so many tokens are shown. Default: 50. */
  tokens?: number | undefined;
}

/**
 * Explains a latent from a list of tokens with how strongly it fires on them, without any text around.
 *
 * @see The token-space representation of Bills et al. 2023, where the list comes from the weights; here from the training
 *   windows.
 */
export function tokenSpace(llm: TextModel, options: TokenSpaceOptions = {}): Explainer {
  return questionExplainer(llm, {
    name: "token-space",
    options,
    request: (examples) => tokenSpaceRequest(examples, options),
    ...explanationReading,
  });
}

/** The whole question about a latent, as it is sent. */
export function tokenSpaceRequest(
  examples: LatentExamples,
  { tokens = 50, ...options }: TokenSpaceOptions = {},
): TextRequest {
  return {
    system: tokenSystem([
      "You are shown the tokens on which the unit is active, the most important first, each with its mean activity from 0 to 10 where it occurs.",
    ]),
    messages: [{ role: "user", content: tokenLine("Tokens", meanStrengths(examples).slice(0, tokens)) }],
    ...replyLimits(options),
  };
}

/**
 * Tokens of the training windows on which the latent fires, with the mean of its activation over all their places there, in
 * tenths of the maximum; in order of the summed activation.
 */
export function meanStrengths({ train, maxActivation }: LatentExamples): TokenNumber[] {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { pieces, activations } of train) {
    pieces.forEach((piece, i) => {
      const entry = sums.get(piece) ?? { sum: 0, count: 0 };
      sums.set(piece, { sum: entry.sum + activations[i], count: entry.count + 1 });
    });
  }
  const active = [...sums].filter(([, { sum }]) => sum > 0).sort(([, a], [, b]) => b.sum - a.sum);
  return active.map(([piece, { sum, count }]) => ({
    piece,
    strength: oneDecimal((10 * sum) / (count * maxActivation)),
  }));
}

function oneDecimal(value: number): number {
  return Math.round(10 * value) / 10;
}
