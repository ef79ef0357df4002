import { FileError } from "../errors.js";
import { openFile } from "../formats/file-source.js";
import { openSafetensors } from "../formats/safetensors.js";
import type { TensorFile } from "../formats/tensor-file.js";
import { type Tensor, type TensorData, tensor } from "../tensor.js";
import type { DelphiShard } from "./delphi-layout.js";
import { type GroupedRows, groupByLatent } from "./grouped-rows.js";

/** Opens a shard, hands it to `use`, and closes it. @throws {FileError} If it cannot be read. */
export async function withShard<T>(path: string, use: (file: TensorFile) => Promise<T>): Promise<T> {
  const source = await openFile(path);
  try {
    return await use(await openSafetensors(source));
  } finally {
    await source.close();
  }
}

/**
 * Ids of all contexts, `[context, position]`.
 *
 * @throws {FileError} If there are none, or one is not below `vocabSize`.
 */
export async function readDelphiTokens(file: TensorFile, vocabSize: number): Promise<Tensor<Int32Array>> {
  const path = file.name;
  if (!file.tensors.has("tokens")) {
    throw new FileError(
      `Cannot read "${path}": it has no tokens; let delphi cache again with save_tokens=True`,
      path,
    );
  }
  const { data, shape } = await file.read("tokens");
  if (shape.length !== 2 || data.length === 0 || data.length > 2 ** 31) {
    throw new FileError(
      `Cannot read "${path}": its tokens have shape [${shape.join(", ")}], and [contexts, positions] is wanted`,
      path,
    );
  }
  const ids = new Int32Array(data.length);
  for (let i = 0; i < ids.length; i++) {
    const id = Number(data[i]);
    if (!(id >= 0 && id < vocabSize)) {
      throw new FileError(
        `Cannot read "${path}": it has token ${id}, and the tokenizer has 0 to ${vocabSize - 1}; give the tokenizer of the model that was cached`,
        path,
      );
    }
    ids[i] = id;
  }
  return tensor(ids, shape);
}

/**
 * The rows of a shard by latent, counted from its first. Rows that are not above 0 are left out, infinity (too
 * large for float16) becomes 65,504.
 *
 * @throws {FileError} If rows are damaged or, within a latent, not in order of context and position.
 */
export async function readDelphiRows(
  file: TensorFile,
  { first, last }: DelphiShard,
  tokens: Tensor<Int32Array>,
): Promise<GroupedRows & { clamped: number }> {
  const { data: activations, shape } = await file.float32("activations");
  const { data: locations, shape: place } = await file.read("locations");
  if (shape.length !== 1 || place.length !== 2 || place[0] !== shape[0] || place[1] !== 3) {
    throw damaged(file.name, `shapes [${shape.join(", ")}] and [${place.join(", ")}] do not fit together`);
  }
  const rows = new RowCollector(file.name, { latents: last - first + 1, tokens });
  for (let i = 0; i < activations.length; i++) rows.add(locations, i, activations[i] as number);
  const grouped = await groupByLatent(last - first + 1, rows.taken());
  checkOrder(file.name, grouped);
  return { ...grouped, clamped: rows.clamped };
}

class RowCollector {
  clamped = 0;
  readonly #path: string;
  readonly #size: readonly [contexts: number, length: number, latents: number];
  #latents = new Uint32Array(1 << 12);
  #positions = new Uint32Array(1 << 12);
  #activations = new Float32Array(1 << 12);
  #count = 0;

  constructor(path: string, { latents, tokens }: { latents: number; tokens: Tensor<Int32Array> }) {
    const [contexts = 0, length = 0] = tokens.shape;
    this.#path = path;
    this.#size = [contexts, length, latents];
  }

  add(locations: TensorData, row: number, activation: number): void {
    const context = Number(locations[3 * row]);
    const position = Number(locations[3 * row + 1]);
    const latent = Number(locations[3 * row + 2]);
    const [contexts, length, latents] = this.#size;
    const inside = context < contexts && position < length && latent < latents;
    if (!inside || context < 0 || position < 0 || latent < 0 || Number.isNaN(activation)) {
      throw damaged(
        this.#path,
        `row ${row} is at [${context}, ${position}, ${latent}] of [${this.#size.join(", ")}] with ${activation}`,
      );
    }
    if (activation <= 0) return;
    if (this.#count === this.#latents.length) this.#grow();
    if (activation === Number.POSITIVE_INFINITY) this.clamped++;
    this.#latents[this.#count] = latent;
    this.#positions[this.#count] = context * length + position;
    this.#activations[this.#count++] = Number.isFinite(activation) ? activation : 65_504;
  }

  taken() {
    return {
      latents: this.#latents.subarray(0, this.#count),
      positions: this.#positions.subarray(0, this.#count),
      activations: this.#activations.subarray(0, this.#count),
    };
  }

  #grow(): void {
    const [latents, positions, activations] = [this.#latents, this.#positions, this.#activations];
    this.#latents = new Uint32Array(2 * latents.length);
    this.#positions = new Uint32Array(2 * latents.length);
    this.#activations = new Float32Array(2 * latents.length);
    this.#latents.set(latents);
    this.#positions.set(positions);
    this.#activations.set(activations);
  }
}

function checkOrder(path: string, { offsets, positions }: GroupedRows): void {
  for (let latent = 0; latent + 1 < offsets.length; latent++) {
    for (let row = (offsets[latent] as number) + 1; row < (offsets[latent + 1] as number); row++) {
      if ((positions[row] as number) > (positions[row - 1] as number)) continue;
      throw damaged(path, `the rows of its latent ${latent} are not in order of context and position`);
    }
  }
}

function damaged(path: string, found: string): FileError {
  return new FileError(
    `Cannot read "${path}" as delphi's: ${found}; fetch it or let delphi cache again`,
    path,
  );
}
