import { createHash } from "node:crypto";
import { HookpointError } from "../errors.js";
import { graphBuilder } from "../model/onnx/graph-builder.js";
import { type OnnxSession, openSession } from "../model/onnx/onnx-session.js";
import type { SubjectModel } from "../model/subject-model.js";
import { type Tensor, tensor } from "../tensor.js";
import type { SparseActivations } from "./sparse-activations.js";
import { joinBatches, type SparseBatch, topKBatch } from "./sparse-batch.js";
import type { SparseCoder } from "./sparse-coder.js";

const positionsPerRun = 1024;

/**
 * Plain neurons as a sparse coder, to compare latents with: at each position the `k` largest
 * values of a hookpoint, by signed value.
 *
 * Deviation from the paper's baseline: neurons that are not positive are left out even among the
 * k largest, since a latent fires where it is above 0.
 *
 * @param hookpoint Default use: `layers.2.mlp.neurons`; any hookpoint works.
 * @param options `k` default 32, as in the paper (which also tries 256).
 * @throws {HookpointError} If the model lacks the hookpoint.
 * @throws {RangeError} If `k` is not between 1 and the width.
 */
export function neuronCoder(
  model: SubjectModel,
  hookpoint: string,
  options: { k?: number; threads?: number } = {},
): SparseCoder {
  const { k = 32, threads } = options;
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
  return new NeuronCoder(model, { hookpoint, width, k, threads });
}

class NeuronCoder implements SparseCoder {
  readonly name: string;
  readonly kind: string;
  readonly hash: string;
  readonly hookpoint: string;
  readonly hookpointOut: string;
  readonly dModel: number;
  readonly dSae: number;
  readonly #k: number;
  readonly #threads: number | undefined;
  #session: Promise<OnnxSession> | undefined;

  constructor(
    model: SubjectModel,
    options: { hookpoint: string; width: number; k: number; threads: number | undefined },
  ) {
    this.#k = options.k;
    this.#threads = options.threads;
    this.hookpoint = options.hookpoint;
    this.hookpointOut = options.hookpoint;
    this.dModel = options.width;
    this.dSae = options.width;
    this.kind = `neurons ${options.k}`;
    this.name = `${model.name}/${options.hookpoint}`;
    this.hash = createHash("sha256").update(`${model.hash} ${options.hookpoint} ${this.kind}`).digest("hex");
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
  decode(latents: SparseActivations): Tensor {
    const [positions, width] = latents.shape;
    const out = new Float32Array(positions * width);
    latents.latents.forEach((latent, i) => {
      out[latents.positions[i] * width + latent] = latents.values[i];
    });
    return tensor(out, [positions, width]);
  }

  decoderRow(index: number): Float32Array {
    if (!(index >= 0 && index < this.dSae)) {
      throw new RangeError(
        `Cannot take neuron ${index} of "${this.name}": it has neurons 0 to ${this.dSae - 1}`,
      );
    }
    return new Float32Array(this.dSae).fill(1, index, index + 1);
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await (await session)?.close();
  }

  #graph(): Uint8Array {
    const builder = graphBuilder();
    const x = builder.input("x", ["position", this.dModel]);
    const k = builder.weight("k", BigInt64Array.of(BigInt(this.#k)), [1]);
    const [values, indices] = builder.node("TopK", [x, k], { outputs: 2 });
    const [latents] = builder.node("Cast", [indices], { attributes: { to: 6 } });
    return builder.build({ values, latents });
  }
}
