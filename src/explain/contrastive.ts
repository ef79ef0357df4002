import type { LatentExamples } from "../examples/example.js";
import { contrastHeading, silentLine } from "../llm/example-lines.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import type { Explainer } from "./explainer.js";
import { questionExplainer } from "./question-explainer.js";
import { explanationReading } from "./read-explanation.js";
import { markedExamples, replyLimits, type TopActivationsOptions } from "./top-activations.js";
import { explainMessages, explainQuestion, explainSystem } from "./top-activations-prompt.js";

export interface ContrastiveOptions extends TopActivationsOptions {
  /** At most so many silent windows are shown. Default: 20. */
  silent?: number | undefined;
}

/**
 * Shows windows in which the latent is silent beside those in which it fires, hard ones first: texts with its own tokens in
 * another context. They are `examples.contrast`, of train documents, so no scorer sees them. (The reference implementation
 * shows the very windows that its scorers test on.)
 */
export function contrastive(llm: TextModel, options: ContrastiveOptions = {}): Explainer {
  return questionExplainer(llm, {
    name: "contrastive",
    options,
    request: (examples) => contrastiveRequest(examples, options),
    ...explanationReading,
    lacks: ({ contrast }) =>
      contrast && contrast.length > 0
        ? undefined
        : "it has no silent windows to contrast with; sample it with { contrast: 20 }",
  });
}

/** The whole question about a latent, as it is sent. */
export function contrastiveRequest(
  examples: LatentExamples,
  { silent = 20, ...options }: ContrastiveOptions = {},
): TextRequest {
  const { showStrengths = true } = options;
  const contrast = (examples.contrast ?? []).slice(0, silent).map(({ pieces }) => pieces.join(""));
  return {
    system: explainSystem({
      strengths: showStrengths,
      shown: [
        "Below them stand excerpts in which the unit is silent, some of them much like the others.",
        "What you write must hold for the marked places and for nothing in the silent excerpts.",
      ],
    }),
    messages: explainMessages(markedExamples(examples, options), {
      strengths: showStrengths,
      ask: (shown, turn) => contrastQuestion(explainQuestion(shown), turn?.silent ?? contrast),
    }),
    ...replyLimits(options),
  };
}

/** A question, and below it texts in which the latent is silent. */
export function contrastQuestion(question: string, silent: readonly string[]): string {
  if (silent.length === 0) return question;
  return [question, contrastHeading, ...silent.map((text, i) => silentLine(i + 1, text))].join("\n");
}
