import type { LatentExamples } from "../examples/example.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import type { Explainer } from "./explainer.js";
import { questionExplainer } from "./question-explainer.js";
import { readExplanation } from "./read-explanation.js";
import { markedExamples, replyLimits, type TopActivationsOptions } from "./top-activations.js";
import {
  explainMessages,
  explainSystem,
  explanationTag,
  oneSentence,
  sentenceAnswer,
} from "./top-activations-prompt.js";

/** As of `topActivations`; `maxTokens` is 1,000 by default, since reasoning takes room. */
export type ChainOfThoughtOptions = TopActivationsOptions;

/**
 * As `topActivations`, but the model thinks aloud before it answers; what it wrote is kept as `reasoning`, and only the
 * tagged end is the explanation. Paulo et al. 2024, appendix (their table A4: no gain on average).
 */
export function chainOfThought(llm: TextModel, options: ChainOfThoughtOptions = {}): Explainer {
  return questionExplainer(llm, {
    name: "chain-of-thought",
    options,
    parser: "reasoned 1",
    request: (examples) => chainOfThoughtRequest(examples, options),
    read: readReasoned,
  });
}

/** The whole question about a latent, as it is sent. */
export function chainOfThoughtRequest(
  examples: LatentExamples,
  { maxTokens = 1000, ...options }: ChainOfThoughtOptions = {},
): TextRequest {
  const { showStrengths = true } = options;
  return {
    system: explainSystem({ strengths: showStrengths, wanted: [thinkAloud, oneSentence] }),
    messages: explainMessages(markedExamples(examples, options), {
      strengths: showStrengths,
      answer: (turn) => `${turn.reasoning}\n${sentenceAnswer(turn)}`,
    }),
    ...replyLimits({ ...options, maxTokens }),
  };
}

const thinkAloud = [
  "First think aloud, in a few short lines:",
  "which tokens are marked, and what they share;",
  "what stands right before and behind them;",
  "what the excerpts as a whole have in common, and which of these three fits all strong places.",
].join(" ");

/** What stands before the last tag, and what behind it. @throws {SyntaxError} As `readExplanation`. */
export function readReasoned(reply: string): { text: string; reasoning?: string } {
  const text = readExplanation(reply);
  let reasoning = reply.slice(0, reply.lastIndexOf(explanationTag)).trim();
  // The tag itself may stand in bold.
  while (reasoning.endsWith("*")) reasoning = reasoning.slice(0, -1);
  reasoning = reasoning.trimEnd();
  return reasoning === "" ? { text } : { text, reasoning };
}
