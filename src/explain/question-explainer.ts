import type { LatentExamples } from "../examples/example.js";
import { latentName } from "../latent.js";
import { ask } from "../llm/ask.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import type { Explainer, Explanation } from "./explainer.js";

/** An explainer's one question. */
export interface Question {
  readonly name: string;
  request(examples: LatentExamples): TextRequest | Promise<TextRequest>;
  /** Gives what a reply says. @throws {SyntaxError} If it does not say it. */
  read(reply: string): Pick<Explanation, "text" | "reasoning" | "pattern">;
  /** What is missing of the examples, as the end of a sentence, e.g. `it has no …; ask for …`. */
  lacks?(examples: LatentExamples): string | undefined;
}

/** An explainer that asks a language model one question about a latent. */
export function questionExplainer(llm: TextModel, { name, request, read, lacks }: Question): Explainer {
  return {
    name,
    model: llm.name,
    async explain(examples, { signal } = {}) {
      const { latent } = examples;
      const missing = examples.train.length === 0 ? noTraining : lacks?.(examples);
      if (missing !== undefined) {
        return { status: "failed", reason: `Cannot explain ${latentName(latent)}: ${missing}` };
      }
      const { outcome, usage } = await ask(llm, await request(examples), { read, signal });
      if (outcome.status !== "ok") return outcome;
      return { status: "ok", value: { latent, ...outcome.value, explainer: name, model: llm.name, usage } };
    },
  };
}

const noTraining = "it has no training examples; sample it from a cache in which it fires";
