import type { LatentExamples } from "../examples/example.js";
import { toLine } from "../llm/example-lines.js";
import type { TextRequest } from "../llm/text-model.js";
import { contrastQuestion } from "./contrastive.js";
import type { Mistakes } from "./refine.js";
import { markedExamples, replyLimits, type TopActivationsOptions } from "./top-activations.js";
import { explainQuestion, explainSystem } from "./top-activations-prompt.js";

/** The question for a better explanation, as it is sent: what was said, what it missed, where it was wrong. */
export function refineRequest(
  examples: LatentExamples,
  { text, missed, wrong }: Mistakes & { readonly text: string },
  options: TopActivationsOptions = {},
): TextRequest {
  const { showStrengths = true } = options;
  const { maxActivation } = examples;
  const shown = [
    ...markedExamples({ train: missed, maxActivation }, options),
    ...markedExamples(examples, options),
  ];
  const silent = wrong.map(({ pieces }) => pieces.join(""));
  const question = contrastQuestion(explainQuestion(shown), silent);
  return {
    system: explainSystem({
      strengths: showStrengths,
      shown: [
        "You are also told what somebody wrote before. It does not fit all of the marked places, or it fits texts, shown last, in which the unit is silent.",
      ],
      wanted: [
        "Write a better sentence, short and specific, that fits what the first one missed and not what it got wrong.",
      ],
    }),
    messages: [
      {
        role: "user",
        content: [
          `Written before: ${toLine(text)}`,
          `It missed the first ${missed.length} of the marked excerpts, and ${wrong.length} silent ones seemed to fit.`,
          question,
        ].join("\n"),
      },
    ],
    ...replyLimits(options),
  };
}
