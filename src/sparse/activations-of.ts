import type { SubjectModel } from "../model/subject-model.js";
import { callSignal } from "../progress.js";
import { tensor } from "../tensor.js";
import { checkFits } from "./check-fits.js";
import { encodeTokens } from "./joined-hookpoints.js";
import type { SparseCoder } from "./sparse-coder.js";

/** What latents are of: a model, and a coder of its activations. */
export interface Subject {
  readonly model: SubjectModel;
  readonly coder: SparseCoder;
}

export interface ActivationsOfOptions {
  /** Indices of the latents. */
  latents: readonly number[];
  signal?: AbortSignal | undefined;
}

/** A text as the model read it. */
export interface TextActivations {
  /** Text of each token; joined, they are the text. */
  readonly pieces: readonly string[];
  /** For each latent asked for one number per token, in the coder's units; 0 where it is silent. */
  readonly activations: readonly Float32Array[];
  /** Whether the text was longer than the model reads, and was cut at its end. */
  readonly cut: boolean;
}

/** Tokens that go through the model at once. */
const tokensPerBatch = 1024;

/**
 * Where latents fire in texts of one's own. Each text is a context by itself, after BOS where the model has one;
 * what latents do on BOS is left out, as in caches.
 *
 * @throws {HookpointError} If the coder does not fit the model.
 * @throws {RangeError} If a latent does not exist.
 */
export async function activationsOf(
  { model, coder }: Subject,
  texts: readonly string[],
  options: ActivationsOfOptions,
): Promise<TextActivations[]> {
  checkFits(model, coder);
  const missing = options.latents.find(
    (index) => !(Number.isInteger(index) && index >= 0 && index < coder.dSae),
  );
  if (missing !== undefined) {
    throw new RangeError(
      `Cannot run latent ${missing} of "${coder.name}": it has latents 0 to ${coder.dSae - 1}`,
    );
  }
  const signal = callSignal(options);
  const contexts = texts.map((text) => readContext(model, text));
  const found = contexts.map(
    ({ ids, cut }): TextActivations => ({
      pieces: model.tokenizer.pieces(ids),
      activations: options.latents.map(() => new Float32Array(ids.length)),
      cut,
    }),
  );
  for (const batch of batches(contexts.map(({ ids }) => ids.length))) {
    signal?.throwIfAborted();
    await runBatch({ model, coder }, { batch, contexts, found, latents: options.latents });
  }
  return found;
}

interface Context {
  readonly ids: Int32Array;
  readonly cut: boolean;
}

function readContext({ tokenizer, contextLength }: SubjectModel, text: string): Context {
  const room = contextLength - (tokenizer.bosId === undefined ? 0 : 1);
  const ids = tokenizer.encode(text);
  return { ids: ids.subarray(0, room), cut: ids.length > room };
}

interface Batch {
  batch: readonly number[];
  contexts: readonly Context[];
  found: readonly TextActivations[];
  latents: readonly number[];
}

async function runBatch(
  { model, coder }: Subject,
  { batch, contexts, found, latents }: Batch,
): Promise<void> {
  const { bosId } = model.tokenizer;
  const first = bosId === undefined ? 0 : 1;
  const width = first + Math.max(...batch.map((i) => contexts[i].ids.length));
  // Attention looks back only: what stands behind a shorter text changes nothing on it.
  const ids = new Int32Array(batch.length * width);
  batch.forEach((i, row) => {
    if (bosId !== undefined) ids[row * width] = bosId;
    ids.set(contexts[i].ids, row * width + first);
  });
  const sparse = await encodeTokens({ model, coder }, tensor(ids, [batch.length, width]));
  const wanted = new Map(latents.map((index, i) => [index, i]));
  sparse.latents.forEach((index, entry) => {
    const which = wanted.get(index);
    if (which === undefined) return;
    const place = sparse.positions[entry];
    const row = Math.floor(place / width);
    const { activations } = found[batch[row]];
    const position = (place % width) - first;
    // Behind a shorter text, and on BOS, there is no place for it.
    if (position >= 0 && position < activations[which].length)
      activations[which][position] = sparse.values[entry];
  });
}

/** Texts of about one length together; texts without tokens in none. */
function batches(lengths: readonly number[]): number[][] {
  const order = [...lengths.keys()]
    .filter((i) => lengths[i] > 0)
    .sort((a, b) => lengths[a] - lengths[b] || a - b);
  const made: number[][] = [];
  for (const i of order) {
    const last = made.at(-1);
    if (last && (last.length + 1) * lengths[i] <= tokensPerBatch) last.push(i);
    else made.push([i]);
  }
  return made;
}
