/**
 * A real, small implementation of the engine's interfaces, whose latents can be told by reading the text:
 * one id per byte, activations that are the token, the token before and the position.
 */
import type { SubjectModel } from "../../src/model/subject-model.js";
import type { Tokenizer } from "../../src/model/tokenizer.js";
import type { SparseActivations } from "../../src/sparse/sparse-activations.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";
import { sizeOf, type Tensor, tensor } from "../../src/tensor.js";

/** Byte b has id b + 1; BOS is 0. */
export function byteTokenizer({ bos = true }: { bos?: boolean } = {}): Tokenizer {
  const pieces = (ids: ArrayLike<number>): string[] => {
    const decoder = new TextDecoder();
    return Array.from({ length: ids.length }, (_, i) => {
      const id = ids[i] as number;
      return id === 0 ? "<s>" : decoder.decode(Uint8Array.of(id - 1), { stream: i + 1 < ids.length });
    });
  };
  return {
    vocabSize: 257,
    bosId: bos ? 0 : undefined,
    hash: `bytes-${bos}`,
    encode: (text) => Int32Array.from(new TextEncoder().encode(text), (byte) => byte + 1),
    decode: (ids) => pieces(ids).join(""),
    pieces,
  };
}

export interface ToyModelOptions {
  bos?: boolean;
  contextLength?: number;
  /** Called before each batch. */
  onBatch?: (tokens: Tensor<Int32Array>) => void | Promise<void>;
}

/** Activations at `layers.0`: [id, id before, position, 1]; at `layers.1` nothing that a toy coder takes. */
export function toyModel({ bos = true, contextLength = 64, onBatch }: ToyModelOptions = {}): SubjectModel {
  const hookpoint = (name: string, width: number) => ({ name, alias: undefined, width });
  return {
    name: "toy",
    hash: "toy-model-hash",
    tokenizer: byteTokenizer({ bos }),
    hookpoints: [hookpoint("layers.0", 4), hookpoint("layers.1", 7)],
    dModel: 4,
    contextLength,
    async activations(tokens, hookpoints) {
      await onBatch?.(tokens);
      const [contexts = 0, length = 0] = tokens.shape;
      const data = new Float32Array(4 * sizeOf(tokens.shape));
      for (let i = 0; i < contexts * length; i++) {
        const position = i % length;
        data.set(
          [tokens.data[i] as number, position > 0 ? (tokens.data[i - 1] as number) : 0, position, 1],
          4 * i,
        );
      }
      return new Map(hookpoints.map((name) => [name, tensor(data, [contexts, length, 4])]));
    },
    logits: async () => tensor(new Float32Array(0), [0]),
    close: async () => {},
  };
}

/**
 * The activation of toy latent `latent`: 0 never fires, 1 fires on "e" (by the byte before it), 2 fires everywhere, 3 fires
 * on "~" only; the others where a hash of two bytes is a multiple of 23.
 */
export function toyActivation(latent: number, id: number, before: number, position: number): number {
  if (latent === 0) return 0;
  if (latent === 1) return id === 1 + 101 ? 1 + before / 256 : 0;
  if (latent === 2) return 0.5 + (position % 8) / 8;
  if (latent === 3) return id === 1 + 126 ? 2 : 0;
  return (id * 7 + before * 3 + latent * 13) % 23 === 0 ? 1 + ((id + latent) % 5) + before / 512 : 0;
}

export interface ToyCoderOptions {
  dSae?: number;
  hookpoint?: string;
  hash?: string;
  /** Replaces the activation of one latent at every position. */
  damage?: { latent: number; value: number };
}

export function toyCoder({
  dSae = 32,
  hookpoint = "layers.0",
  hash = "toy-coder-hash",
  damage,
}: ToyCoderOptions = {}): SparseCoder {
  return {
    name: "toy/layers.0",
    kind: "toy",
    hash,
    hookpoint,
    hookpointOut: hookpoint,
    dModel: 4,
    dSae,
    async encode(activations): Promise<SparseActivations> {
      const rows = activations.data.length / 4;
      const [positions, latents, values]: number[][] = [[], [], []];
      for (let i = 0; i < rows; i++) {
        const [id = 0, before = 0, position = 0] = activations.data.subarray(4 * i, 4 * i + 3);
        for (let latent = 0; latent < dSae; latent++) {
          const value =
            latent === damage?.latent ? damage.value : toyActivation(latent, id, before, position);
          if (value === 0) continue;
          positions?.push(i);
          latents?.push(latent);
          values?.push(value);
        }
      }
      return {
        shape: [rows, dSae],
        positions: Uint32Array.from(positions ?? []),
        latents: Uint32Array.from(latents ?? []),
        values: Float32Array.from(values ?? []),
      };
    },
    decode: async () => tensor(new Float32Array(0), [0]),
    decoderRow: () => new Float32Array(4),
    close: async () => {},
  };
}

const words =
  "the quick brown fox jumps over a lazy dog while seven green kettles sing about naïve café weather in Zürich".split(
    " ",
  );

/** Texts of pseudo-random words: enough of them, and some of more than one byte per character. */
export function toyTexts(count: number, seed = 1): string[] {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: 20 + Math.floor(20 * next()) }, () => words[Math.floor(words.length * next())]).join(
      " ",
    ),
  );
}
