import type { LatentExamples } from "../examples/example.js";
import { answerForms } from "../llm/example-lines.js";
import type { Pattern } from "../llm/pattern/pattern.js";
import { readPattern } from "../llm/pattern/read-pattern.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import { patternGuide, patternTag } from "./executable-prompt.js";
import type { Explainer } from "./explainer.js";
import { questionExplainer } from "./question-explainer.js";
import { readExplanation } from "./read-explanation.js";
import { markedExamples, replyLimits, type TopActivationsOptions } from "./top-activations.js";
import {
  explainMessages,
  explainQuestion,
  explainSystem,
  explanationTag,
  sentenceAnswer,
} from "./top-activations-prompt.js";

/** As of `topActivations`; `maxTokens` is 1,000 by default. */
export type ExecutableOptions = TopActivationsOptions;

/**
 * Asks for a sentence and for the same as a rule that runs: `explanation.pattern`, in the language of `readPattern`. The rule
 * needs no judge: `measurePattern` says how often it is right over a whole cache. A reply whose rule cannot be read is no
 * explanation.
 *
 * @see Neuron2Graph (Foote et al. 2023) and Semantic Regexes (2025) write rules as well; both learn or write them in other
 *   languages.
 */
export function executable(llm: TextModel, options: ExecutableOptions = {}): Explainer {
  return questionExplainer(llm, {
    name: "executable",
    options,
    parser: "rule 1",
    request: (examples) => executableRequest(examples, options),
    read: readExecutable,
  });
}

/** The whole question about a latent, as it is sent. */
export function executableRequest(
  examples: LatentExamples,
  { maxTokens = 1000, ...options }: ExecutableOptions = {},
): TextRequest {
  const { showStrengths = true } = options;
  return {
    system: explainSystem({
      strengths: showStrengths,
      ending: [
        `End with two lines: one that begins with ${explanationTag} and holds the sentence, and one that begins with ${patternTag} and holds the same as a rule, in JSON on one line.`,
        ...patternGuide,
      ],
    }),
    messages: explainMessages(markedExamples(examples, options), {
      strengths: showStrengths,
      ask: (shown) => `${explainQuestion(shown)}\n${answerForms.pattern()}`,
      answer: (turn) => `${sentenceAnswer(turn)}\n${patternTag} ${JSON.stringify(turn.pattern)}`,
    }),
    ...replyLimits({ ...options, maxTokens }),
  };
}

/**
 * The sentence and the rule of a reply.
 *
 * @throws {SyntaxError} If one is missing, or the rule is none.
 */
export function readExecutable(reply: string): { text: string; pattern: Pattern } {
  const at = reply.lastIndexOf(patternTag);
  if (at < 0) {
    throw new SyntaxError(`Cannot read the rule: the reply has no line that begins with ${patternTag}`);
  }
  const behind = reply.slice(at + patternTag.length);
  const json = behind.slice(behind.indexOf("{"), behind.lastIndexOf("}") + 1);
  return { text: readExplanation(reply.slice(0, at)), pattern: readPattern(parse(json)) };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new SyntaxError(
      `Cannot read the rule: what follows ${patternTag} is no JSON (${(error as Error).message})`,
    );
  }
}
