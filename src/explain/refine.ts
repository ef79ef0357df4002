import type { Example, LatentExamples, Window } from "../examples/example.js";
import { ask } from "../llm/ask.js";
import type { Failure, Outcome } from "../llm/outcome.js";
import { addUsage, noUsage, type TextModel, type Usage } from "../llm/text-model.js";
import type { Score, Scorer } from "../score/scorer.js";
import { settingsOf } from "../settings.js";
import type { Explainer, Explanation } from "./explainer.js";
import { explanationReading } from "./read-explanation.js";
import { refineRequest } from "./refine-prompt.js";
import { selectionExamples } from "./selection-examples.js";
import type { TopActivationsOptions } from "./top-activations.js";
import { bestTried, incompleteness, type Tried, trialOf, tryOut } from "./try-out.js";

export interface RefineOptions extends TopActivationsOptions {
  /** Who is asked for better ones. */
  llm: TextModel;
  /** Says what is wrong, and what is better. Its judgements must be of yes and no. */
  scorer: Scorer;
  /** Explanations to ask for after the first. Default: 3. */
  rounds?: number | undefined;
  /** No further round once so many tokens, read and written, are spent on a latent. Default: as many as it takes. */
  budget?: number | undefined;
  /** At most so many mistakes of each kind are shown. Default: 5. */
  mistakes?: number | undefined;
}

/**
 * Has an explanation judged on the selection examples, shows what it got wrong there and asks for a better one, until a round
 * brings no gain, nothing is wrong, or rounds or budget are spent. The best one is kept, and what was tried is its `trace`.
 * The test examples are never touched.
 *
 * @see Revision by counterexamples in Bills et al. 2023; agents that test and refine in SAGE and MAIA.
 */
export function refine(explainer: Explainer, options: RefineOptions): Explainer {
  const { llm, rounds = 3, budget = Number.POSITIVE_INFINITY } = options;
  const name = `${explainer.name} refined by ${options.scorer.name}`;
  return {
    name,
    model: llm.name,
    settings: settingsOf({ explainer, ...options }),
    hookpoint: explainer.hookpoint ?? options.scorer.hookpoint,
    async explain(examples, { signal } = {}) {
      const selection = selectionExamples(examples);
      if (selection.status !== "ok") return selection;
      const first = await explainer.explain(examples, { signal });
      if (first.status !== "ok") return first;
      const tryNext = (explanation: Explanation, before: readonly Tried[]) =>
        tryOut(explanation, { scorer: options.scorer, examples: selection.value, before, signal });
      const tried = [await tryNext(first.value, [])];
      let lost: (Failure & { usage: Usage }) | undefined;
      while (tried.length <= rounds && tried.at(-1)?.kept && spent(tried, lost?.usage) < budget) {
        const last = tried[tried.length - 1];
        const mistakes = mistakesOf(last.score, selection.value, options.mistakes ?? 5);
        if (mistakes.missed.length + mistakes.wrong.length === 0) break;
        const request = refineRequest(examples, { text: last.explanation.text, ...mistakes }, options);
        const { outcome, usage } = await ask(llm, request, { ...explanationReading, signal });
        if (outcome.status !== "ok") {
          lost = { ...outcome, usage };
          break;
        }
        const { latent } = examples;
        tried.push(
          await tryNext({ latent, ...outcome.value, explainer: name, model: llm.name, usage }, tried),
        );
      }
      return refined(tried, { name, lost });
    },
  };
}

function refined(
  tried: readonly Tried[],
  { name, lost }: { name: string; lost: Failure | undefined },
): Outcome<Explanation> {
  const best = bestTried(tried) as Tried;
  const usage = tried.reduce((sum, trial) => addUsage(sum, trial.usage), lost?.usage ?? noUsage);
  const facts = { usage, trace: tried.map(trialOf), ...incompleteness(tried, lost ? [lost] : []) };
  return { status: "ok", value: { ...best.explanation, explainer: name, ...facts } };
}

function spent(tried: readonly Tried[], lost: Usage = noUsage): number {
  const { inputTokens, outputTokens } = tried.reduce((sum, { usage }) => addUsage(sum, usage), lost);
  return inputTokens + outputTokens;
}

/** Selection windows that were judged wrongly. */
export interface Mistakes {
  /** The latent fires, and the judge did not see it. */
  readonly missed: readonly Example[];
  /** The latent is silent, and the judge saw it. */
  readonly wrong: readonly Window[];
}

function mistakesOf({ judgements }: Score, { test, nonActivating }: LatentExamples, most: number): Mistakes {
  const wrongly = (truth: boolean) =>
    judgements.filter(
      ({ truth: is, answer }) => is === truth && answer.status === "ok" && answer.value.yes === !truth,
    );
  const find = <T extends Window>(windows: readonly T[], truth: boolean) => {
    const places = new Set(wrongly(truth).map(({ context, start }) => `${context}:${start}`));
    return windows.filter(({ context, start }) => places.has(`${context}:${start}`)).slice(0, most);
  };
  return { missed: find(test, true), wrong: find(nonActivating, false) };
}
