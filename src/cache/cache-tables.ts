/** A cache as tables for other tools, so many rows at a time. Each table has one part at least. */
import type { LatentCache } from "./latent-cache.js";

/** Columns of equal length, the same in all parts of a table. */
export type TablePart = Readonly<
  Record<string, Int32Array | Float32Array | Float64Array | readonly string[]>
>;

/** Columns that are numbers. */
export type NumberPart = Readonly<Record<string, Int32Array | Float32Array>>;

/** Rows in memory, and in one row group or record batch of a file. */
const rowsPerPart = 1 << 20;

export function rowsOf(part: TablePart): number {
  return Object.values(part)[0]?.length ?? 0;
}

/** `latent`, `context`, `position` in it, `activation`: a row per activation, by latent, then place. */
export function* activationTable(cache: LatentCache): Generator<NumberPart> {
  const { contextLength } = cache;
  const size = Math.min(rowsPerPart, cache.manifest.rows);
  let part = emptyPart(size);
  let row = 0;
  for (let latent = 0; latent < cache.dSae; latent++) {
    const { positions, activations } = cache.read(latent);
    for (let i = 0; i < positions.length; i++) {
      if (row === size) {
        yield part;
        part = emptyPart(size);
        row = 0;
      }
      const position = positions[i] as number;
      part.latent[row] = latent;
      part.context[row] = Math.floor(position / contextLength);
      part.position[row] = position % contextLength;
      part.activation[row++] = activations[i] as number;
    }
  }
  yield Object.fromEntries(Object.entries(part).map(([name, column]) => [name, column.subarray(0, row)]));
}

function emptyPart(size: number) {
  return {
    latent: new Int32Array(size),
    context: new Int32Array(size),
    position: new Int32Array(size),
    activation: new Float32Array(size),
  };
}

/** `context`, `position`, `token`, `text`: a row per position. */
export function* tokenTable(cache: LatentCache): Generator<TablePart> {
  const { contextCount, contextLength } = cache;
  const contextsPerPart = Math.max(1, Math.floor(rowsPerPart / 8 / contextLength));
  for (let from = 0; from < contextCount; from += contextsPerPart) {
    const contexts = Array.from(
      { length: Math.min(contextsPerPart, contextCount - from) },
      (_, i) => from + i,
    );
    const rows = contexts.length * contextLength;
    yield {
      context: Int32Array.from({ length: rows }, (_, i) => from + Math.floor(i / contextLength)),
      position: Int32Array.from({ length: rows }, (_, i) => i % contextLength),
      token: Int32Array.from(contexts.flatMap((context) => [...cache.tokens(context)])),
      text: contexts.flatMap((context) => cache.pieces(context)),
    };
  }
}

/** `latent`, `count`, `max`, `sum`, `density`, `windows`: a row per latent, those that never fire included. */
export function* latentTable(cache: LatentCache): Generator<TablePart> {
  const latents = Int32Array.from({ length: cache.dSae }, (_, latent) => latent);
  const statistics = Array.from(latents, (latent) => cache.stats(latent));
  yield {
    latent: latents,
    count: Float64Array.from(statistics, ({ count }) => count),
    max: Float32Array.from(statistics, ({ max }) => max),
    sum: Float64Array.from(statistics, ({ sum }) => sum),
    density: Float64Array.from(statistics, ({ density }) => density),
    windows: Float64Array.from(statistics, ({ windows }) => windows),
  };
}
