/** Dot products of listed pairs of rows, in WebAssembly with vectors of four: a loop in JavaScript takes several times as long. */
import type { Tensor } from "../tensor.js";

/** `row-dots.wat`, assembled. */
export const rowDotsProgram =
  "AGFzbQEAAAABCgFgBn9/f39/fwADAgEABQMBAAEHEQIGbWVtb3J5AgAEZG90cwAACv8BAfwBAgN/BHsgACACaiEIAkADQCAD" +
  "IARPDQEgACEGIAEgAygCACACbGohB/0MAAAAAAAAAAAAAAAAAAAAACEJIAkhCiAJIQsgCSEMA0AgCSAG/QAEACAH/QAEAP3m" +
  "Af3kASEJIAogBv0ABBAgB/0ABBD95gH95AEhCiALIAb9AAQgIAf9AAQg/eYB/eQBIQsgDCAG/QAEMCAH/QAEMP3mAf3kASEM" +
  "IAdBwABqIQcgBkHAAGohBiAGIAhJDQALIAkgCv3kASALIAz95AH95AEhCSAFIAn9HwAgCf0fAZIgCf0fAiAJ/R8DkpI4AgAg" +
  "A0EEaiEDIAVBBGohBQwACwsL";

/** Pairs of a position and a latent. */
export interface Pairs {
  readonly positions: Uint32Array;
  readonly latents: Uint32Array;
}

/** What is used of it: Node's types leave it to the browser's. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

interface Program {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void };
  /** Addresses, but for the length of a row in bytes. */
  dots(vector: number, matrix: number, bytes: number, rows: number, end: number, out: number): void;
}

/** Bytes that the kernel reads in a step. */
const step = 64;
const page = 65_536;
let program: Program | undefined;

/**
 * `activations[position] · encoder[latent]` for each pair, summed in float32.
 *
 * @param activations `[position, d_model]`.
 * @param encoder `[d_sae, d_model]`.
 */
export function rowDots(activations: Tensor, encoder: Tensor, pairs: Pairs): Float32Array {
  const [positions, width] = activations.shape;
  const count = pairs.latents.length;
  const bytes = Math.ceil((width * 4) / step) * step;
  const vector = positions * bytes;
  const rows = vector + bytes;
  const out = rows + count * 4;
  const { memory, dots } = programWith(out + count * 4);
  const floats = new Float32Array(memory.buffer);
  // What was there before would be multiplied with the padding.
  if (width * 4 < bytes) floats.fill(0, 0, rows / 4);
  for (let p = 0; p < positions; p++) {
    floats.set(activations.data.subarray(p * width, (p + 1) * width), (p * bytes) / 4);
  }
  const { order, starts } = byLatent(pairs.latents, encoder.shape[0]);
  const listed = new Uint32Array(memory.buffer, rows, count);
  for (let i = 0; i < count; i++) listed[i] = pairs.positions[order[i]];
  // One latent after the other: its weights are read from memory once.
  for (let latent = 0; latent + 1 < starts.length; latent++) {
    const [from, to] = [starts[latent], starts[latent + 1]];
    if (from === to) continue;
    floats.set(encoder.data.subarray(latent * width, (latent + 1) * width), vector / 4);
    dots(vector, 0, bytes, rows + from * 4, rows + to * 4, out + from * 4);
  }
  const products = new Float32Array(count);
  for (let i = 0; i < count; i++) products[order[i]] = floats[out / 4 + i];
  return products;
}

function programWith(bytes: number): Program {
  program ??= new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(rowDotsProgram, "base64")))
    .exports as Program;
  const { memory } = program;
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / page));
  return program;
}

/** Indices of the pairs, sorted by latent, and where each latent's begin. */
function byLatent(latents: Uint32Array, dSae: number): { order: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(dSae + 1);
  for (const latent of latents) starts[latent + 1]++;
  for (let latent = 0; latent < dSae; latent++) starts[latent + 1] += starts[latent];
  const next = starts.slice();
  const order = new Uint32Array(latents.length);
  for (let i = 0; i < latents.length; i++) order[next[latents[i]]++] = i;
  return { order, starts };
}
