/**
 * The last rung of the ladder of negatives: windows in which the latent fires, with one token changed so that it does not.
 * Whether it does is asked of the model and the coder, not guessed. An explanation that a judge can tell from these says
 * what the latent needs, and not what usually stands beside it.
 */
import type { LatentCache } from "../cache/latent-cache.js";
import { latentName } from "../latent.js";
import type { SubjectModel } from "../model/subject-model.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { seededRandom } from "../random.js";
import { encodeTokens } from "../sparse/joined-hookpoints.js";
import type { SparseCoder } from "../sparse/sparse-coder.js";
import { type Tensor, tensor } from "../tensor.js";
import type { Example, LatentExamples, Window } from "./example.js";

/** A window with one token changed, in which the latent is silent. */
export interface EditedWindow extends Window {
  readonly kind: "minimal-edit";
  /** Index in the window of the token that was changed, and the token that stood there. */
  readonly at: number;
  readonly was: number;
  /** The latent's activations on the window before it was changed, one per token. */
  readonly formerActivations: Float32Array;
}

export interface MinimalEditOptions extends LongCallOptions {
  model: SubjectModel;
  coder: SparseCoder;
  /** Test windows that are edited, drawn by seed. Default: 50. */
  count?: number | undefined;
  /** Tokens that may be changed: the strongest, and so many before it. Default: 3. */
  before?: number | undefined;
  /** Tokens that are tried in each place: those that the model itself finds likeliest there. Default: 8. */
  alternatives?: number | undefined;
  /** Default: 22. */
  seed?: number | string | undefined;
}

/**
 * Edits test windows. Of the changes that silence the latent in the whole window, the likeliest to the model is taken, so
 * that the text stays as near to the original as text can; a window that no change silences is left out.
 *
 * One pass for the predictions of each context and one for all its edits: some `(before + 1) × alternatives` contexts.
 *
 * @returns For `LatentExamples.nonActivating`; `context` and `start` are those of the window that was edited.
 * @throws {HookpointError} If the model lacks the coder's hookpoint.
 * @throws {DOMException} Named `AbortError`, if `signal` asks to stop.
 */
export async function minimalEdits(
  cache: LatentCache,
  examples: LatentExamples,
  options: MinimalEditOptions,
): Promise<EditedWindow[]> {
  const { count = 50, seed = 22 } = options;
  const random = seededRandom(seed).fork(`edits ${latentName(examples.latent)}`);
  const windows = random.sample(examples.test, count);
  const signal = callSignal(options);
  const meter = progressMeter("edit windows", "windows", windows.length, options.onProgress);
  const edited: EditedWindow[] = [];
  for (const [done, window] of windows.entries()) {
    signal?.throwIfAborted();
    const found = await editWindow(cache, window, { ...options, index: examples.latent.index });
    if (found) edited.push(found);
    meter.report(done + 1);
  }
  meter.end(windows.length);
  return edited;
}

interface Edit {
  /** Position in the context. */
  readonly position: number;
  readonly token: number;
  /** Score before softmax, less that of the likeliest at the position. */
  readonly loss: number;
}

async function editWindow(
  cache: LatentCache,
  window: Example,
  { model, coder, index, before = 3, alternatives = 8 }: MinimalEditOptions & { index: number },
): Promise<EditedWindow | undefined> {
  const end = window.start + window.tokens.length;
  const context = cache.tokens(window.context).slice(0, end);
  const peak = window.start + window.activations.indexOf(window.peak);
  const logits = await model.logits(tensor(context, [1, end]));
  const positions = Array.from({ length: before + 1 }, (_, i) => peak - i).filter(
    (position) => position >= Math.max(window.start, 1),
  );
  const edits = positions
    .flatMap((position) => likeliest(logits, { position, was: context[position], count: alternatives }))
    .sort((a, b) => a.loss - b.loss);
  if (edits.length === 0) return undefined;
  const silent = await silencing(context, edits, { model, coder, index, from: window.start });
  return silent && applied(window, silent, model);
}

/** The likeliest tokens at a position, other than the one that stands there. */
function likeliest(
  { data, shape }: Tensor,
  { position, was, count }: { position: number; was: number; count: number },
): Edit[] {
  const vocab = shape.at(-1) as number;
  const scores = data.subarray((position - 1) * vocab, position * vocab);
  const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  const best = scores[order[0]];
  return order
    .filter((token) => token !== was)
    .slice(0, count)
    .map((token) => ({ position, token, loss: best - scores[token] }));
}

/** The first edit after which the latent is silent from a position on. */
async function silencing(
  context: Int32Array,
  edits: readonly Edit[],
  {
    model,
    coder,
    index,
    from,
  }: Pick<MinimalEditOptions, "model" | "coder"> & { index: number; from: number },
): Promise<Edit | undefined> {
  const { length } = context;
  const tokens = new Int32Array(edits.length * length);
  edits.forEach(({ position, token }, i) => {
    tokens.set(context, i * length);
    tokens[i * length + position] = token;
  });
  const edited = tensor(tokens, [edits.length, length]);
  const { positions, latents } = await encodeTokens({ model, coder }, edited);
  const fires = new Set<number>();
  latents.forEach((latent, entry) => {
    if (latent === index && positions[entry] % length >= from)
      fires.add(Math.floor(positions[entry] / length));
  });
  return edits.find((_, i) => !fires.has(i));
}

function applied(window: Example, { position, token }: Edit, { tokenizer }: SubjectModel): EditedWindow {
  const at = position - window.start;
  const tokens = window.tokens.with(at, token);
  return {
    kind: "minimal-edit",
    context: window.context,
    start: window.start,
    tokens,
    pieces: tokenizer.pieces(tokens),
    activations: new Float32Array(tokens.length),
    at,
    was: window.tokens[at],
    formerActivations: window.activations,
  };
}
