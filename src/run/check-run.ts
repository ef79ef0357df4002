import type { LatentCache } from "../cache/latent-cache.js";
import {
  type EditedExamplesOptions,
  editingSubject,
  withoutEdits,
} from "../examples/sample-edited-examples.js";
import { samplingPlan } from "../examples/sampling-plan.js";
import type { Explainer } from "../explain/explainer.js";
import { type Latent, latentName } from "../latent.js";
import type { Scorer } from "../score/scorer.js";

interface RunParts {
  readonly explainer: Explainer;
  readonly scorers: readonly Scorer[];
  readonly examples?: EditedExamplesOptions | undefined;
}

/**
 * Finds what is wrong with a whole run before its first latent, so that nothing is paid for what cannot be used.
 *
 * @throws {RangeError} If a latent is not in the cache, an explainer or a scorer is of another hookpoint, or examples are asked
 *   for that no latent has, or that need a model or a coder which is not given.
 */
export function checkRun(
  cache: LatentCache,
  latents: readonly Latent[],
  { explainer, scorers, examples = {} }: RunParts,
): void {
  for (const latent of latents) {
    samplingPlan(cache, latent, withoutEdits(examples));
    editingSubject(cache, latent, examples);
    cache.stats(latent.index);
    for (const part of [explainer, ...scorers]) checkHookpoint(part, latent);
  }
}

function checkHookpoint({ name, hookpoint }: Explainer | Scorer, latent: Latent): void {
  if (hookpoint === undefined || hookpoint === latent.hookpoint) return;
  throw new RangeError(
    `Cannot run "${name}" on ${latentName(latent)}: its coder reads ${hookpoint}; give the coder of ${latent.hookpoint}`,
  );
}
