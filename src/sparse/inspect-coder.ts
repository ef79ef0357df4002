/**
 * The format doctor. Most ways to read a coder wrongly still give numbers: a transposed square
 * matrix, a bias subtracted or not, inputs normalised or not, the wrong hookpoint, the wrong model.
 * They show in how much of the activations is explained, and with how many latents.
 */
import { type Displayable, displayable } from "../display.js";
import { HookpointError } from "../errors.js";
import { callSignal, type LongCallOptions } from "../progress.js";
import type { Tensor } from "../tensor.js";
import { type CoderReading, declaredReading, otherReadings, readAs, sampleRows } from "./coder-variants.js";
import type { CoderOptions, CoderWeights } from "./coder-weights.js";
import { readSparseCoder } from "./load-sparse-coder.js";
import { weightedCoder } from "./weighted-coder.js";

/** How well one reading of the weights explains the activations. */
export interface CoderVariant {
  readonly reading: CoderReading;
  /** What differs from the files, in words; "as declared" if nothing does. */
  readonly differs: string;
  /** Mean number of latents at a position. */
  readonly l0: number;
  /** 1 − squared error / variance; negative where the mean would be the better guess. */
  readonly explainedVariance: number;
}

export interface CoderInspection {
  readonly name: string;
  readonly declared: CoderVariant;
  readonly best: CoderVariant;
  /** All that were tried, the best first. */
  readonly variants: readonly CoderVariant[];
  /** What is wrong, in a sentence; `undefined` if nothing is. */
  readonly warning: string | undefined;
  /** Positions that were compared, and those left out for their great length. */
  readonly positions: number;
  readonly leftOut: number;
  /** The table as text. */
  toString(): string;
}

export interface InspectCoderOptions extends CoderOptions, LongCallOptions {
  /** How many positions are compared. Default: 1,000. */
  positions?: number | undefined;
  threads?: number | undefined;
}

/** Twice as many latents must bring this much explained variance. */
const worthOfDoubling = 0.02;
/** A reading must be better by this much before it is believed instead of the files. */
const margin = 0.02;
/** Below this a coder was hardly trained on what it reads here. */
const leastExplained = 0.2;

/**
 * Reads a coder in every way that is likely and says which explains real activations best. Starting
 * from what the files declare, one respect after the other is changed while that helps.
 *
 * @param source As for `loadSparseCoder`.
 * @param activations Values at the coder's hookpoints, by name: `[…, width]`, the same positions of
 *   each. Further hookpoints are tried in their place. A single tensor stands for the coder's own.
 * @throws {FileError} If the coder cannot be read at all.
 * @throws {HookpointError} If its own hookpoints are not among the activations, or of another width.
 */
export async function inspectCoder(
  source: string,
  activations: Tensor | ReadonlyMap<string, Tensor>,
  options: InspectCoderOptions = {},
): Promise<CoderInspection & Displayable> {
  const { weights, name } = await readSparseCoder(source, options);
  const given = activations instanceof Map ? activations : undefined;
  const named = given ?? new Map([[weights.hookpoint, activations as Tensor]]);
  checkActivations(name, weights, named);
  const { sampled, left } = sampleRows(named, { first: weights.hookpoint, count: options.positions ?? 1000 });
  const { variants, declared, best } = await search(weights, sampled, options);
  const found = {
    name,
    declared,
    best,
    variants: [...variants].sort((a, b) => worth(b) - worth(a)),
    warning: warningFor(declared, best),
    positions: sampled.get(weights.hookpoint)?.shape[0] ?? 0,
    leftOut: left,
  };
  const text = () => tableOf(found);
  return displayable({ ...found, toString: text }, () => ({ "text/plain": text() }));
}

/** All readings that were tried; the best is as near to the declared one as it can be. */
async function search(
  weights: CoderWeights,
  activations: ReadonlyMap<string, Tensor>,
  options: InspectCoderOptions,
): Promise<{ variants: CoderVariant[]; declared: CoderVariant; best: CoderVariant }> {
  const signal = callSignal(options);
  const tried = new Map<string, CoderVariant>();
  const asDeclared = declaredReading(weights);
  const evaluate = async (reading: CoderReading) => {
    signal?.throwIfAborted();
    const key = JSON.stringify(reading);
    const known = tried.get(key);
    if (known) return known;
    const measured = await measure(weights, {
      reading,
      declared: asDeclared,
      activations,
      threads: options.threads,
    });
    tried.set(key, measured);
    return measured;
  };
  const declared = await evaluate(asDeclared);
  let best = declared;
  for (let better: CoderVariant | undefined = best; better; ) {
    better = undefined;
    for (const reading of otherReadings(best.reading, weights, activations)) {
      const variant = await evaluate(reading);
      if (worth(variant) > worth(better ?? best) + (better ? 0 : margin)) better = variant;
    }
    best = better ?? best;
  }
  return { variants: [...tried.values()], declared, best };
}

async function measure(
  weights: CoderWeights,
  {
    reading,
    declared,
    activations,
    threads,
  }: {
    reading: CoderReading;
    declared: CoderReading;
    activations: ReadonlyMap<string, Tensor>;
    threads: number | undefined;
  },
): Promise<CoderVariant> {
  const input = activations.get(reading.hookpoint) as Tensor;
  const target = activations.get(reading.hookpointOut) as Tensor;
  const coder = weightedCoder(readAs(weights, reading, input), { name: "inspected", hash: "", threads });
  try {
    const latents = await coder.encode(input);
    const decoded = await coder.decode(latents, input);
    return {
      reading,
      differs: differences(reading, declared),
      l0: latents.latents.length / input.shape[0],
      explainedVariance: explainedVariance(target, decoded),
    };
  } finally {
    await coder.close();
  }
}

function explainedVariance({ data, shape: [rows, width] }: Tensor, decoded: Tensor): number {
  const mean = new Float64Array(width);
  data.forEach((value, i) => {
    mean[i % width] += value / rows;
  });
  let error = 0;
  let variance = 0;
  for (let i = 0; i < data.length; i++) {
    error += (data[i] - decoded.data[i]) ** 2;
    variance += (data[i] - mean[i % width]) ** 2;
  }
  return 1 - error / variance;
}

function worth({ explainedVariance: explained, l0 }: CoderVariant): number {
  const value = explained - worthOfDoubling * Math.log2(Math.max(1, l0));
  // Weights read wrongly may overflow.
  return Number.isFinite(value) ? value : Number.NEGATIVE_INFINITY;
}

function differences(reading: CoderReading, declared: CoderReading): string {
  const words: string[] = [];
  const place = ({ hookpoint, hookpointOut }: CoderReading) =>
    hookpoint === hookpointOut ? hookpoint : `${hookpoint} → ${hookpointOut}`;
  if (place(reading) !== place(declared)) words.push(`at ${place(reading)}`);
  if (reading.transposed !== declared.transposed) {
    words.push(`${reading.transposed === "both" ? "both matrices" : reading.transposed} transposed`);
  }
  if (reading.subtractsDecoderBias !== declared.subtractsDecoderBias) {
    words.push(`b_dec ${reading.subtractsDecoderBias ? "subtracted" : "not subtracted"}`);
  }
  if (reading.inputNorm !== declared.inputNorm) words.push(`input norm ${reading.inputNorm}`);
  if (reading.thresholds !== declared.thresholds) words.push(`thresholds ${reading.thresholds}`);
  return words.join(", ") || "as declared";
}

function warningFor(declared: CoderVariant, best: CoderVariant): string | undefined {
  if (best !== declared) {
    return `The files do not fit these activations: read with ${best.differs}, ${percent(best)} of the variance is explained in place of ${percent(declared)}`;
  }
  if (!(declared.explainedVariance < leastExplained)) return undefined;
  return `No reading explains these activations (${percent(declared)}): check that the coder was trained on this model and hookpoint`;
}

function percent({ explainedVariance: explained }: CoderVariant): string {
  return `${(100 * explained).toFixed(1)} %`;
}

function tableOf({ name, variants, declared, warning, positions, leftOut }: CoderInspection): string {
  const lines = variants.map((variant) => {
    const sign = variant === declared ? "*" : " ";
    return `${sign} ${percent(variant).padStart(12)} ${variant.l0.toFixed(1).padStart(9)}  ${variant.differs}`;
  });
  const left = leftOut > 0 ? `, ${leftOut} very long ones left out` : "";
  const head = `${name} on ${positions} positions${left}\n  ${"explained".padStart(12)} ${"L0".padStart(9)}  reading (* declared)`;
  return [head, ...lines, ...(warning ? ["", warning] : [])].join("\n");
}

function checkActivations(
  name: string,
  weights: CoderWeights,
  activations: ReadonlyMap<string, Tensor>,
): void {
  const wanted = [
    [weights.hookpoint, weights.encoder.shape[1]],
    [weights.hookpointOut, weights.decoder.shape[1]],
  ] as const;
  for (const [hookpoint, width] of wanted) {
    const found = activations.get(hookpoint)?.shape.at(-1);
    if (found === width) continue;
    throw new HookpointError(
      `Cannot inspect "${name}": it needs activations of "${hookpoint}" that are ${width} wide, found ${found ?? "none"}; give a map of hookpoints, or the option hookpoint`,
      [...activations.keys()],
    );
  }
}
