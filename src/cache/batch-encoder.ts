import type { SubjectModel } from "../model/subject-model.js";
import { coderInput, hookpointsOf } from "../sparse/joined-hookpoints.js";
import type { SparseActivations } from "../sparse/sparse-activations.js";
import type { EncoderTail, SparseCoder } from "../sparse/sparse-coder.js";
import type { Tensor } from "../tensor.js";

/** Where the model does not say how many are best. */
const tokensPerBatch = 1024;

/** A graph is below 2 GB with all that is in it. */
const largestTails = 1.5e9;

/** Tokens to the latents of several coders. */
export interface BatchEncoder {
  /** Tokens that a batch should have at most. */
  readonly tokensPerBatch: number;
  /**
   * @param tokens `[context, position]`, all contexts of equal length.
   * @returns For each coder `[positions, d_sae]`.
   */
  encode(tokens: Tensor<Int32Array>): Promise<SparseActivations[]>;
  close(): Promise<void>;
}

/** Model and encoders as one graph, so that no dense activations are copied; one after the other where they are no graphs. */
export async function openBatchEncoder(
  model: SubjectModel,
  coders: readonly SparseCoder[],
): Promise<BatchEncoder> {
  const tails = coders.flatMap(({ tail }) => (tail ? [tail] : []));
  const bytes = tails.reduce((sum, tail) => sum + tail.weightBytes, 0);
  if (!model.extend || tails.length < coders.length || bytes > largestTails) return inTurn(model, coders);
  return await asOneGraph(model.extend(tails), coders, tails);
}

async function asOneGraph(
  opening: ReturnType<NonNullable<SubjectModel["extend"]>>,
  coders: readonly SparseCoder[],
  tails: readonly EncoderTail[],
): Promise<BatchEncoder> {
  const extended = await opening;
  return {
    tokensPerBatch: extended.tokensPerRun,
    async encode(tokens) {
      const rows = tokens.data.length;
      const outputs = await extended.run(tokens);
      return coders.map(({ dSae }, i) => {
        return { shape: [rows, dSae], ...tails[i].read(outputs[i], { rows, firstPosition: 0 }) };
      });
    },
    close: () => extended.close(),
  };
}

function inTurn(model: SubjectModel, coders: readonly SparseCoder[]): BatchEncoder {
  const hookpoints = [...new Set(coders.flatMap(hookpointsOf))];
  return {
    tokensPerBatch,
    async encode(tokens) {
      const activations = await model.activations(tokens, hookpoints);
      const encoded: SparseActivations[] = [];
      for (const coder of coders) {
        encoded.push(await coder.encode(coderInput(coder, activations)));
      }
      return encoded;
    },
    async close() {},
  };
}
