import { type Tensor, tensor } from "../tensor.js";
import type { CoderWeights } from "./coder-weights.js";
import { type Int8Screen, int8Screen, type Screened } from "./int8-screen.js";
import type { SparseActivations } from "./sparse-activations.js";
import { joinBatches, type SparseBatch } from "./sparse-batch.js";
import type { SparseCoder } from "./sparse-coder.js";

export interface ScreenOptions {
  /** Threads that the screen computes on. Default: all cores. */
  threads?: number | undefined;
  /** Told why, if screening is given up. Default: `console.warn`. */
  onWarning?: ((message: string) => void) | undefined;
}

/** Positions that the screen is checked on, and the fewest that a call must have to be screened. */
const sampleSize = 256;
/** A latent computed alone costs about twelve times its part of a product: if more pass, little is won. */
const largestShare = 1 / 40;

/**
 * A coder that gives what `coder` gives, sooner where latents are many and few of them fire: all latents are looked at
 * in 8-bit integers, and those that can fire are computed in float32.
 *
 * The first 256 positions of the first call that has as many are also computed by `coder`, to check that all that
 * fires passes; from then on each latent that passes is held against the bound that it passed with. If
 * either fails, or if too many pass, `coder` computes everything from there on. Shorter calls are left to it too.
 *
 * @param weights Those of `coder`.
 */
export function screenedCoder(
  coder: SparseCoder,
  weights: CoderWeights,
  { threads, onWarning = console.warn }: ScreenOptions = {},
): SparseCoder {
  // The model cannot compute a screen in its own run.
  const { tail: _, ...facts } = coder;
  const { name, dModel, dSae } = coder;
  let screen: Promise<Int8Screen | undefined> | undefined;
  const warn = (reason: string) =>
    onWarning(`The sparse coder "${name}" computes in float32, without the int8 screen: ${reason}`);
  return {
    ...facts,
    async encode(activations) {
      const positions = activations.data.length / dModel;
      const fits = activations.shape.at(-1) === dModel && positions >= sampleSize;
      if (!fits || weights.activation.kind === "groupmax") return await coder.encode(activations);
      screen ??= openChecked(coder, activations, { weights, threads, warn });
      const open = await screen;
      const batches = open && (await screenAll(open, activations));
      if (batches) return joinBatches(batches, [positions, dSae]);
      if (open && open === (await screen)) {
        // Not closed here: another call may be running. What nobody can reach any more is closed.
        screen = Promise.resolve(undefined);
        warn("a latent fired stronger than its bound allows");
      }
      return await coder.encode(activations);
    },
    decode: (latents, input) => coder.decode(latents, input),
    decoderRow: (index) => coder.decoderRow(index),
    ...(coder.encoderRow && { encoderRow: coder.encoderRow.bind(coder) }),
    async close() {
      const open = screen;
      screen = undefined;
      await Promise.all([coder.close(), (await open)?.close()]);
    },
  };
}

interface CheckOptions {
  weights: CoderWeights;
  threads: number | undefined;
  warn: (reason: string) => void;
}

/** A screen that finds what the coder does, on a sample of these activations; `undefined`, and said why, if there is none. */
async function openChecked(
  coder: SparseCoder,
  activations: Tensor,
  { weights, threads, warn }: CheckOptions,
): Promise<Int8Screen | undefined> {
  const sample = rowsOf(activations, 0, sampleSize);
  const open = await int8Screen(weights, sample, { name: coder.name, threads });
  const fault = faultOf(await open.run(sample, 0), await coder.encode(sample));
  if (fault === undefined) return open;
  await open.close();
  warn(fault);
  return undefined;
}

/** `undefined` if a bound did not hold. */
async function screenAll(
  screen: Int8Screen,
  activations: Tensor,
): Promise<readonly SparseBatch[] | undefined> {
  const positions = activations.data.length / (activations.shape.at(-1) as number);
  const batches: Screened[] = [];
  for (let start = 0; start < positions; start += screen.positionsPerRun) {
    const end = Math.min(positions, start + screen.positionsPerRun);
    const batch = await screen.run(rowsOf(activations, start, end), start);
    if (!batch.withinBounds) return undefined;
    batches.push(batch);
  }
  return batches;
}

/** Why not to screen, if there is a reason. */
function faultOf({ candidates, withinBounds }: Screened, wanted: SparseActivations): string | undefined {
  const [positions, dSae] = wanted.shape;
  const passed = new Set(
    Array.from(candidates.latents, (latent, i) => candidates.positions[i] * dSae + latent),
  );
  let missed = 0;
  wanted.latents.forEach((latent, i) => {
    if (!passed.has(wanted.positions[i] * dSae + latent)) missed++;
  });
  if (missed > 0) return `it missed ${missed} of ${wanted.latents.length} activations of a sample`;
  if (!withinBounds) return "a latent fired stronger than its bound allows";
  const perPosition = passed.size / positions;
  if (perPosition <= largestShare * dSae) return undefined;
  return `${Math.round(perPosition)} of ${dSae} latents pass at a position, more than ${Math.floor(largestShare * dSae)}, so that nothing would be won`;
}

function rowsOf({ data, shape }: Tensor, from: number, to: number): Tensor {
  const width = shape.at(-1) as number;
  return tensor(data.subarray(from * width, to * width), [to - from, width]);
}
