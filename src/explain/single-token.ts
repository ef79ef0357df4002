import type { LatentExamples } from "../examples/example.js";
import { answerForms, quoteToken, readQuotedTokens } from "../llm/example-lines.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import type { Explainer } from "./explainer.js";
import { questionExplainer } from "./question-explainer.js";
import { readExplanation } from "./read-explanation.js";
import { markedExamples, replyLimits, type TopActivationsOptions } from "./top-activations.js";
import {
  explainMessages,
  explainQuestion,
  explainSystem,
  explanationTag,
  type WorkedTurn,
} from "./top-activations-prompt.js";

export interface SingleTokenOptions extends TopActivationsOptions {
  /** At most so many tokens. Default: 1. */
  most?: number | undefined;
}

/**
 * Says of a latent only on which token it fires, or on which few: `“cat”`. The least that an explanation can be, to
 * compare others with: what they score above it, they owe to more than the token.
 *
 * @see The reference implementation's single-token explainer; the wording is ours.
 */
export function singleToken(llm: TextModel, options: SingleTokenOptions = {}): Explainer {
  return questionExplainer(llm, {
    name: "single-token",
    options,
    parser: "tokens 1",
    request: (examples) => singleTokenRequest(examples, options),
    read: (reply) => ({ text: readTokens(reply, options.most ?? 1) }),
  });
}

/** The whole question about a latent, as it is sent. */
export function singleTokenRequest(
  examples: LatentExamples,
  { most = 1, ...options }: SingleTokenOptions = {},
): TextRequest {
  const { showStrengths = true } = options;
  const what = most === 1 ? "the one token" : `up to ${most} tokens`;
  return {
    system: explainSystem({
      strengths: showStrengths,
      wanted: [`Name ${what} on which the unit is most active, in quotation marks, and say nothing else.`],
      ending: [`End with a line that begins with ${explanationTag} and holds the tokens: “one”, “two”.`],
    }),
    messages: explainMessages(markedExamples(examples, options), {
      strengths: showStrengths,
      ask: (shown) => `${explainQuestion(shown)}\n${answerForms.tokens(most)}`,
      answer: (turn) => `${explanationTag} ${tokensOf(turn).slice(0, most).join(", ")}`,
    }),
    ...replyLimits(options),
  };
}

/** The strongest token of each example, in quotation marks. */
function tokensOf({ examples }: WorkedTurn): string[] {
  const strongest = examples.map(({ strengths }) =>
    strengths.reduce((a, b) => (b.strength > a.strength ? b : a)),
  );
  return strongest.map(({ piece }) => quoteToken(piece.trim()));
}

/** Up to `most` tokens in quotation marks. @throws {SyntaxError} If there is none. */
export function readTokens(reply: string, most: number): string {
  const line = readExplanation(reply);
  const tokens = readQuotedTokens(line).slice(0, most);
  if (tokens.length > 0) return tokens.map(quoteToken).join(", ");
  throw new SyntaxError(`Cannot read the tokens: “${line}” has none in quotation marks`);
}
