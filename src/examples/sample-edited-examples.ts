import { createHash } from "node:crypto";
import type { LatentCache } from "../cache/latent-cache.js";
import { type Latent, latentName } from "../latent.js";
import type { LongCallOptions } from "../progress.js";
import type { Subject } from "../sparse/activations-of.js";
import type { LatentExamples } from "./example.js";
import { minimalEdits } from "./minimal-edits.js";
import type { NegativeKind } from "./negative-ladder.js";
import { sampleExamples } from "./sample-examples.js";
import { type SampleExamplesOptions, samplingPlan } from "./sampling-plan.js";
import { setHash } from "./set-hash.js";

/** As for `sampleExamples`, and with them the last rung of the ladder of negatives. */
export interface EditedExamplesOptions extends Omit<SampleExamplesOptions, "negatives"> {
  /** As for `sampleExamples`; `minimal-edit` for those of `minimalEdits`, which need `subject`. */
  negatives?: readonly (NegativeKind | "minimal-edit")[] | undefined;
  /** The model and the coder of the cache, of which it is asked what silences the latent. */
  subject?: Subject | undefined;
}

/**
 * Samples examples of one latent, as `sampleExamples` does, and runs the model where negatives of kind `minimal-edit` are asked
 * for: edits of the test windows take the places of their share of the random silent windows, which make up for those that no
 * edit silences.
 *
 * @throws {RangeError} If edits are asked for without `subject`, or it is not of the cache.
 * @throws {TooFewWindowsError} If the latent never fires, or in too few windows.
 * @throws {DOMException} Named `AbortError`, if `signal` asks to stop.
 */
export async function sampleEditedExamples(
  cache: LatentCache,
  latent: Latent,
  options: EditedExamplesOptions & LongCallOptions = {},
): Promise<LatentExamples> {
  const subject = editingSubject(cache, latent, options);
  const sampling = withoutEdits(options);
  const examples = sampleExamples(cache, latent, sampling);
  if (!subject || options.compat) return examples;
  const { nonActivating, negatives, seed } = samplingPlan(cache, latent, sampling);
  const count = Math.floor(nonActivating / negatives.length);
  const { signal, onProgress } = options;
  const edited = await minimalEdits(cache, examples, { ...subject, count, seed, signal, onProgress });
  const [random, hard] = [false, true].map((isHard) =>
    examples.nonActivating.filter((window) => "kind" in window === isHard),
  );
  const kept = random.slice(0, Math.max(0, nonActivating - hard.length - edited.length));
  return withSilent(cache, examples, [...kept, ...hard, ...edited]);
}

/** The options of as many examples, for which no model is run: random silent windows in the places of edited ones. */
export function withoutEdits({
  negatives,
  subject: _,
  ...options
}: EditedExamplesOptions): SampleExamplesOptions {
  const kinds = negatives?.map((kind) => (kind === "minimal-edit" ? "random" : kind));
  return { ...options, ...(kinds && { negatives: kinds }) };
}

/**
 * Who is asked for edits; `undefined` where none are wanted.
 *
 * @throws {RangeError} If there is nobody, or it is another coder or model than the cache's.
 */
export function editingSubject(
  cache: LatentCache,
  latent: Latent,
  { negatives = [], subject }: EditedExamplesOptions,
): Subject | undefined {
  if (!negatives.includes("minimal-edit")) return undefined;
  const cannot = `Cannot take negatives of kind "minimal-edit" for ${latentName(latent)}`;
  if (!subject) {
    throw new RangeError(
      `${cannot} without a model to run; give the cache's in examples as subject: { model, coder }`,
    );
  }
  const { identity } = cache.manifest;
  for (const part of ["model", "coder"] as const) {
    if (subject[part].hash === identity[part].hash) continue;
    throw new RangeError(
      `${cannot} with the ${part} "${subject[part].name}": the cache is of "${identity[part].name}"; give that one as subject.${part}`,
    );
  }
  return subject;
}

function withSilent(
  cache: LatentCache,
  examples: LatentExamples,
  nonActivating: LatentExamples["nonActivating"],
): LatentExamples {
  const { setHashes } = examples;
  const silent = setHash(cache, nonActivating);
  const hash = createHash("sha256")
    .update(JSON.stringify([examples.hash, silent]))
    .digest("hex");
  return {
    ...{ ...examples, nonActivating, hash },
    ...(setHashes && { setHashes: { ...setHashes, nonActivating: silent } }),
  };
}
