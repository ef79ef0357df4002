import type { LatentExamples } from "../examples/example.js";
import { latentName } from "../latent.js";
import { ask } from "../llm/ask.js";
import type { TextModel, TextRequest } from "../llm/text-model.js";
import { settingsOf } from "../settings.js";
import type { Explainer, Explanation } from "./explainer.js";

/** An explainer's one question. */
export interface Question {
  readonly name: string;
  /** What the explainer was made with. */
  readonly options: object;
  /** Name and version of `read`. */
  readonly parser: string;
  /** The only hookpoint whose latents can be asked about, where there is but one. */
  readonly hookpoint?: string | undefined;
  request(examples: LatentExamples): TextRequest | Promise<TextRequest>;
  /** Gives what a reply says. @throws {SyntaxError} If it does not say it. */
  read(reply: string): Pick<Explanation, "text" | "reasoning" | "pattern">;
  /** What is missing of the examples, as the end of a sentence, e.g. `it has no …; ask for …`. */
  lacks?(examples: LatentExamples): string | undefined;
}

/** An explainer that asks a language model one question about a latent. */
export function questionExplainer(llm: TextModel, question: Question): Explainer {
  const { name, options, hookpoint, request, read, parser } = question;
  return {
    name,
    model: llm.name,
    settings: settingsOf(options, llm),
    hookpoint,
    async explain(examples, { signal } = {}) {
      const { latent } = examples;
      const missing = lackOf(examples, question);
      if (missing !== undefined) {
        return { status: "failed", reason: `Cannot explain ${latentName(latent)}: ${missing}` };
      }
      const { outcome, usage } = await ask(llm, await request(examples), { read, parser, signal });
      if (outcome.status !== "ok") return { ...outcome, usage };
      return { status: "ok", value: { latent, ...outcome.value, explainer: name, model: llm.name, usage } };
    },
  };
}

function lackOf(examples: LatentExamples, { hookpoint, lacks }: Question): string | undefined {
  if (hookpoint !== undefined && hookpoint !== examples.latent.hookpoint) {
    return `the coder reads ${hookpoint}; give the coder of ${examples.latent.hookpoint}`;
  }
  if (examples.train.length === 0) {
    return "it has no training examples; sample it from a cache in which it fires";
  }
  return lacks?.(examples);
}
