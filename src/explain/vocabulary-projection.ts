import type { SubjectModel } from "../model/subject-model.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import { tensor } from "../tensor.js";

/** A token and how far a latent's direction raises its logit. */
export interface TokenLogit {
  readonly token: number;
  readonly piece: string;
  readonly logit: number;
  /** Standard deviations above the mean over the latents that it was compared with. */
  readonly z?: number;
}

export interface VocabularyProjection {
  /** Most promoted first. */
  readonly promoted: readonly TokenLogit[];
  /** Most suppressed first. */
  readonly suppressed: readonly TokenLogit[];
}

export interface VocabularyProjectionOptions {
  /** Tokens of each kind. Default: 10. */
  top?: number | undefined;
  /**
   * Latents to compare with. Tokens are then ranked by z, the distance from the mean over these latents in their standard
   * deviations, so that tokens which most directions promote drop out. At least two. Default: none, by logit.
   */
  against?: readonly number[] | undefined;
}

/**
 * The tokens that a latent's direction promotes and suppresses: W_U · norm(W_dec[i]), the decoder's row in place of the last
 * residual stream, through the model's own final norm and unembedding, less what they make of nothing, centred over the
 * vocabulary. No text is involved. In the units of logits, for a direction of root mean square 1.
 *
 * @throws {RangeError} If the coder does not write to the residual stream, or there is no such latent.
 * @see VocabProj of Gur-Arieh et al. 2025 (arXiv 2501.08319).
 */
export async function vocabularyProjection(
  { model, coder }: { model: SubjectModel; coder: Pick<SparseCoder, "name" | "hookpointOut" | "decoderRow"> },
  index: number,
  { top = 10, against = [] }: VocabularyProjectionOptions = {},
): Promise<VocabularyProjection> {
  const rows = await projections(model, coder, [index, ...against]);
  const [logits, ...others] = rows;
  const deviations = others.length > 1 ? zScores(logits, others) : undefined;
  const rank = deviations ?? logits;
  const order = Uint32Array.from(logits.keys()).sort((a, b) => rank[b] - rank[a] || a - b);
  const describe = (token: number): TokenLogit => ({
    token,
    piece: model.tokenizer.decode([token]),
    logit: logits[token],
    ...(deviations && { z: deviations[token] }),
  });
  return {
    promoted: Array.from(order.subarray(0, top), describe),
    suppressed: Array.from(order.subarray(-top).reverse(), describe),
  };
}

/** For each latent `[vocab]`, with mean 0. */
async function projections(
  model: SubjectModel,
  coder: Pick<SparseCoder, "name" | "hookpointOut" | "decoderRow">,
  indices: readonly number[],
): Promise<Float32Array[]> {
  const { dModel } = model;
  const directions = new Float32Array((indices.length + 1) * dModel);
  indices.forEach((index, i) => {
    const direction = coder.decoderRow(index);
    if (direction.length !== dModel) throw otherSpace(model, coder, direction.length);
    directions.set(unitSize(direction), (i + 1) * dModel);
  });
  const replaced = tensor(directions, [indices.length + 1, 1, dModel]);
  const tokens = tensor(new Int32Array(indices.length + 1), [indices.length + 1, 1]);
  const { data, shape } = await model.logits(tokens, { replace: new Map([[lastResidual(model), replaced]]) });
  const vocabulary = shape[2];
  const nothing = data.subarray(0, vocabulary);
  return indices.map((_, i) => {
    const row = data.subarray((i + 1) * vocabulary, (i + 2) * vocabulary);
    return centred(Float32Array.from(row, (logit, token) => logit - nothing[token]));
  });
}

/** The last place at which the whole residual stream can be replaced. */
function lastResidual(model: SubjectModel): string {
  const found = model.hookpoints.findLast(
    ({ name, width }) => /^layers\.\d+$/.test(name) && width === model.dModel,
  );
  if (found) return found.name;
  throw new RangeError(
    `Cannot project to the vocabulary of "${model.name}": it has no residual stream among its hookpoints; layers.N is wanted`,
  );
}

/** Scaled to a root mean square of 1, so that the norm's epsilon does not matter. */
function unitSize(direction: Float32Array): Float32Array {
  const size = Math.sqrt(direction.reduce((sum, x) => sum + x * x, 0) / direction.length);
  return size === 0 ? direction : direction.map((x) => x / size);
}

function centred(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

function zScores(values: Float32Array, others: readonly Float32Array[]): Float32Array {
  return values.map((value, token) => {
    const mean = others.reduce((sum, other) => sum + other[token], 0) / others.length;
    const variance = others.reduce((sum, other) => sum + (other[token] - mean) ** 2, 0) / (others.length - 1);
    return variance > 0 ? (value - mean) / Math.sqrt(variance) : 0;
  });
}

function otherSpace(
  model: SubjectModel,
  { name, hookpointOut }: Pick<SparseCoder, "name" | "hookpointOut">,
  width: number,
): RangeError {
  return new RangeError(
    `Cannot project "${name}" to the vocabulary of "${model.name}": it writes ${width} values to ${hookpointOut}, and the residual stream has ${model.dModel}; take a coder that writes to the residual stream`,
  );
}
