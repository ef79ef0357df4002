import type { SubjectModel } from "../model/subject-model.js";
import { row, type Tensor, tensor } from "../tensor.js";
import { checkFits } from "./check-fits.js";
import type { SparseActivations } from "./sparse-activations.js";
import type { SparseCoder } from "./sparse-coder.js";

/** What is done to one latent: exactly one of `add`, `scale` and `set`. */
export type LatentEdit = {
  readonly latent: number;
  /** Which positions of every context, from the end where below 0. Default: all. */
  readonly positions?: readonly number[] | undefined;
} & (
  | { readonly add: number }
  /** 0 ablates. */
  | { readonly scale: number }
  | { readonly set: number }
);

export interface InterveneOptions {
  /** `[context, position]`, all contexts of equal length. */
  readonly tokens: Tensor<Int32Array>;
  /** Applied together; several on one latent in this order. */
  readonly edits: readonly LatentEdit[];
}

/**
 * The model's logits after latents were changed. Each changed latent adds the difference times its
 * decoder row to what the model computes at the coder's output, so what the coder does not explain
 * stays as it is. Exact for every kind of coder: activations are those of the coder itself, also
 * where latents compete (top-k), and no latent moves but the edited ones.
 *
 * @returns `[context, position, vocab]`.
 * @throws {HookpointError} If the coder does not fit the model.
 * @throws {RangeError} If a latent or position does not exist, or an edit does not say one thing.
 */
export async function intervene(
  model: SubjectModel,
  coder: SparseCoder,
  { tokens, edits }: InterveneOptions,
): Promise<Tensor> {
  checkFits(model, coder);
  edits.forEach(checkEdit);
  const { hookpoint, hookpointOut } = coder;
  const found = await model.activations(tokens, [...new Set([hookpoint, hookpointOut])]);
  const input = found.get(hookpoint) as Tensor;
  const output = found.get(hookpointOut) as Tensor;
  const edited = await editLatents(coder, { input, output }, edits);
  return await model.logits(tokens, { replace: new Map([[hookpointOut, edited]]) });
}

/**
 * A hookpoint's values with latents changed.
 *
 * @param values The coder's input and what it predicts, `[context, position, width]`; the same
 *   tensor for an SAE.
 * @returns New values of what it predicts; positions that no edit touches are equal bit by bit.
 * @throws {RangeError} If a latent or position does not exist.
 */
export async function editLatents(
  coder: SparseCoder,
  { input, output }: { input: Tensor; output: Tensor },
  edits: readonly LatentEdit[],
): Promise<Tensor> {
  const touched = touchedRows(output, edits);
  const x = gatherRows(input, touched);
  const latents = await coder.encode(x);
  const differences = latentDifferences(latents, { coder, touched, edits, positions: output.shape[1] });
  const nothing = { ...differences, ...emptyEntries(0) };
  const [after, before] = [await coder.decode(differences, x), await coder.decode(nothing, x)];
  const edited = Float32Array.from(output.data);
  const whole = { data: edited, shape: [edited.length / after.shape[1], after.shape[1]] };
  touched.forEach((place, i) => {
    const target = row(whole, place);
    const [to, from] = [row(after, i), row(before, i)];
    for (let j = 0; j < target.length; j++) target[j] += to[j] - from[j];
  });
  return tensor(edited, output.shape);
}

function checkEdit(edit: LatentEdit): void {
  const given = Object.entries(edit).filter(
    ([key, value]) => /^(add|scale|set)$/.test(key) && value !== undefined,
  );
  const [[what, by] = []] = given;
  if (given.length === 1 && Number.isFinite(by)) return;
  const found = given.length === 1 ? `${what}: ${by}` : given.map(([key]) => key).join(" and ") || "nothing";
  throw new RangeError(
    `Cannot edit latent ${edit.latent}: ${found} is given; one of add, scale and set is wanted, a finite number`,
  );
}

/** Positions, counted through all contexts, that any edit touches; ascending. */
function touchedRows({ shape: [contexts, positions] }: Tensor, edits: readonly LatentEdit[]): number[] {
  const places = new Set(edits.flatMap((edit) => positionsOf(edit, positions)));
  const within = [...places].sort((a, b) => a - b);
  return Array.from({ length: contexts }, (_, c) => within.map((p) => c * positions + p)).flat();
}

function positionsOf({ positions: wanted }: LatentEdit, count: number): number[] {
  if (!wanted) return Array.from({ length: count }, (_, i) => i);
  return wanted.map((position) => {
    const place = position < 0 ? count + position : position;
    if (Number.isSafeInteger(place) && place >= 0 && place < count) return place;
    throw new RangeError(`Cannot edit position ${position}: contexts have ${count} positions`);
  });
}

/** What each edited latent becomes, minus what it was, at the touched rows. */
function latentDifferences(
  latents: SparseActivations,
  {
    coder,
    touched,
    edits,
    positions,
  }: { coder: SparseCoder; touched: readonly number[]; edits: readonly LatentEdit[]; positions: number },
): SparseActivations {
  const before = columnsOf(latents, coder, edits);
  const after = new Map([...before].map(([latent, values]) => [latent, values.slice()]));
  for (const edit of edits) {
    const places = new Set(positionsOf(edit, positions));
    const values = after.get(edit.latent) as Float32Array;
    touched.forEach((place, i) => {
      if (places.has(place % positions)) values[i] = changed(values[i], edit);
    });
  }
  const entries = emptyEntries(touched.length * before.size);
  let at = 0;
  for (let i = 0; i < touched.length; i++) {
    for (const [latent, values] of after) {
      entries.positions[at] = i;
      entries.latents[at] = latent;
      entries.values[at++] = values[i] - (before.get(latent) as Float32Array)[i];
    }
  }
  return { shape: latents.shape, ...entries };
}

/** The activations of each edited latent at each row. */
function columnsOf(
  { shape, positions, latents, values }: SparseActivations,
  coder: SparseCoder,
  edits: readonly LatentEdit[],
): Map<number, Float32Array> {
  const columns = new Map<number, Float32Array>();
  for (const { latent } of edits) {
    // Throws where there is no such latent.
    coder.decoderRow(latent);
    columns.set(latent, new Float32Array(shape[0]));
  }
  latents.forEach((latent, i) => {
    const column = columns.get(latent);
    if (column) column[positions[i]] = values[i];
  });
  return columns;
}

function changed(value: number, edit: LatentEdit): number {
  if ("set" in edit) return edit.set;
  return "scale" in edit ? value * edit.scale : value + edit.add;
}

function emptyEntries(size: number) {
  return {
    positions: new Uint32Array(size),
    latents: new Uint32Array(size),
    values: new Float32Array(size),
  };
}

function gatherRows({ data, shape }: Tensor, places: readonly number[]): Tensor {
  const width = shape.at(-1) as number;
  const out = new Float32Array(places.length * width);
  places.forEach((place, i) => {
    out.set(data.subarray(place * width, (place + 1) * width), i * width);
  });
  return tensor(out, [places.length, width]);
}
