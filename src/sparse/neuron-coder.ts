import { createHash } from "node:crypto";
import { HookpointError } from "../errors.js";
import { bytesOfArray } from "../formats/dtype.js";
import { type GraphBuilder, graphBuilder } from "../model/onnx/graph-builder.js";
import { type OnnxSession, openSession } from "../model/onnx/onnx-session.js";
import type { SubjectModel } from "../model/subject-model.js";
import { seededRandom } from "../random.js";
import { dot } from "../stats/dot.js";
import { row, type Tensor, tensor } from "../tensor.js";
import { bothSides, directionCoder } from "./direction-coder.js";
import { hookpointsOf } from "./joined-hookpoints.js";
import { gaussian } from "./random-rotation.js";
import type { SparseActivations } from "./sparse-activations.js";
import { joinBatches, type SparseBatch, topKBatch } from "./sparse-batch.js";
import type { EncoderTail, SparseCoder } from "./sparse-coder.js";

const positionsPerRun = 1024;

export interface NeuronCoderOptions {
  /** Neurons kept at each position. Default: 32, as in the paper (which also tries 256). */
  k?: number | undefined;
  /**
   * Two latents for each neuron: `i` where it is positive, `width + i` where it is negative, and the
   * k largest of both. Default: false.
   */
  bothSides?: boolean | undefined;
  /** An orthogonal matrix `[width, width]` (`randomRotation`): its rows are read in place of the neurons. */
  rotation?: Tensor | undefined;
  threads?: number | undefined;
}

/**
 * Plain neurons as a sparse coder, to compare latents with: at each position the `k` largest
 * values of a hookpoint, by signed value, as the paper's baseline (appendix G.3) has them.
 *
 * Deviation from the paper's baseline: neurons that are not positive are left out even among the
 * k largest, since a latent fires where it is above 0.
 *
 * @param hookpoint Default use: `layers.2.mlp.neurons`; any hookpoint works.
 * @throws {HookpointError} If the model lacks the hookpoint.
 * @throws {RangeError} If `k` is not between 1 and the width, or the rotation is none of that width.
 */
export function neuronCoder(
  model: SubjectModel,
  hookpoint: string,
  { k = 32, bothSides: both = false, rotation, threads }: NeuronCoderOptions = {},
): SparseCoder {
  const found = model.hookpoints.find(({ name }) => name === hookpoint);
  if (!found) {
    throw new HookpointError(
      `Cannot read the neurons "${hookpoint}" of "${model.name}": the model has no such hookpoint; choose one of model.hookpoints`,
      model.hookpoints.map(({ name }) => name),
    );
  }
  const { width } = found;
  if (!(Number.isSafeInteger(k) && k >= 1 && k <= width)) {
    throw new RangeError(
      `Cannot keep ${k} neurons of "${hookpoint}": it has ${width}; 1 to ${width} is wanted`,
    );
  }
  if (!rotation) return new NeuronCoder(model, { hookpoint, width, k, both, threads });
  checkRotation(rotation, hookpoint, width);
  const which = createHash("sha256").update(bytesOfArray(rotation.data)).digest("hex").slice(0, 12);
  return directionCoder(model, {
    hookpoint,
    kind: `neurons rotated ${which}${both ? " both sides" : ""}`,
    directions: both ? bothSides(rotation) : rotation,
    activation: { kind: "topk", k },
    threads,
  });
}

/** There and back again gives the same vector if, and but for chance only if, it is orthogonal. */
function checkRotation(rotation: Tensor, hookpoint: string, width: number): void {
  const square = rotation.shape.length === 2 && rotation.shape.every((n) => n === width);
  const probe = gaussian(seededRandom("probe"), square ? width : 0);
  const back = new Float64Array(width);
  for (let i = 0; i < probe.length; i++) {
    const direction = row(rotation, i);
    const along = dot(direction, probe);
    for (let j = 0; j < width; j++) back[j] += along * direction[j];
  }
  if (square && probe.every((value, j) => Math.abs(back[j] - value) < 1e-3)) return;
  throw new RangeError(
    `Cannot rotate the neurons "${hookpoint}": the matrix [${rotation.shape.join(", ")}] is not orthogonal of width ${width}; randomRotation(${width}) makes one`,
  );
}

class NeuronCoder implements SparseCoder {
  readonly name: string;
  readonly kind: string;
  readonly hash: string;
  readonly hookpoint: string;
  readonly hookpointOut: string;
  readonly dModel: number;
  readonly dSae: number;
  readonly tail: EncoderTail;
  readonly #k: number;
  readonly #both: boolean;
  readonly #threads: number | undefined;
  #session: Promise<OnnxSession> | undefined;

  constructor(
    model: SubjectModel,
    options: { hookpoint: string; width: number; k: number; both: boolean; threads: number | undefined },
  ) {
    this.#k = options.k;
    this.#both = options.both;
    this.#threads = options.threads;
    this.hookpoint = options.hookpoint;
    this.hookpointOut = options.hookpoint;
    this.dModel = options.width;
    this.dSae = options.width * (options.both ? 2 : 1);
    this.kind = `neurons ${options.k}${options.both ? " both sides" : ""}`;
    this.name = `${model.name}/${options.hookpoint}`;
    this.hash = createHash("sha256").update(`${model.hash} ${options.hookpoint} ${this.kind}`).digest("hex");
    this.tail = {
      hookpoints: hookpointsOf(this),
      weightBytes: 0,
      append: (builder, x) => this.#append(builder, x),
      read: (outputs, { firstPosition }) => topKBatch(outputs, firstPosition),
    };
  }

  async encode(activations: Tensor): Promise<SparseActivations> {
    if (activations.shape.at(-1) !== this.dModel) {
      throw new RangeError(
        `Cannot read neurons "${this.name}": the activations are [${activations.shape.join(", ")}], [..., ${this.dModel}] is wanted`,
      );
    }
    this.#session ??= openSession(this.#graph(), { path: this.name, threads: this.#threads });
    const session = await this.#session;
    const positions = activations.data.length / this.dModel;
    const batches: SparseBatch[] = [];
    for (let start = 0; start < positions; start += positionsPerRun) {
      const rows = Math.min(positionsPerRun, positions - start);
      const x = activations.data.subarray(start * this.dModel, (start + rows) * this.dModel);
      batches.push(topKBatch(await session.run({ x: tensor(x, [rows, this.dModel]) }), start));
    }
    return joinBatches(batches, [positions, this.dSae]);
  }

  /** The kept neurons, with 0 for the others. */
  async decode(latents: SparseActivations): Promise<Tensor> {
    const [positions] = latents.shape;
    const out = new Float32Array(positions * this.dModel);
    latents.latents.forEach((latent, i) => {
      const { neuron, sign } = this.#sideOf(latent);
      out[latents.positions[i] * this.dModel + neuron] = sign * latents.values[i];
    });
    return tensor(out, [positions, this.dModel]);
  }

  decoderRow(index: number): Float32Array {
    if (!(Number.isInteger(index) && index >= 0 && index < this.dSae)) {
      throw new RangeError(
        `Cannot take neuron ${index} of "${this.name}": it has neurons 0 to ${this.dSae - 1}`,
      );
    }
    const { neuron, sign } = this.#sideOf(index);
    return new Float32Array(this.dModel).fill(sign, neuron, neuron + 1);
  }

  #sideOf(latent: number): { neuron: number; sign: 1 | -1 } {
    return latent < this.dModel ? { neuron: latent, sign: 1 } : { neuron: latent - this.dModel, sign: -1 };
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await (await session)?.close();
  }

  #graph(): Uint8Array {
    const builder = graphBuilder();
    return builder.build(this.#append(builder, builder.input("x", ["position", this.dModel])));
  }

  #append(builder: GraphBuilder, x: string): Record<string, string> {
    const k = builder.weight("k", BigInt64Array.of(BigInt(this.#k)), [1]);
    const sides = this.#both
      ? builder.node("Concat", [x, ...builder.node("Neg", [x])], { attributes: { axis: 1 } })[0]
      : x;
    const [values, indices] = builder.node("TopK", [sides, k], { outputs: 2 });
    const [latents] = builder.node("Cast", [indices], { attributes: { to: 6 } });
    return { values, latents };
  }
}
