import { createHash } from "node:crypto";
import { bytesOfArray } from "../formats/dtype.js";
import { graphBuilder } from "../model/onnx/graph-builder.js";
import { openSession } from "../model/onnx/onnx-session.js";
import type { SubjectModel } from "../model/subject-model.js";
import { type Tensor, tensor } from "../tensor.js";
import { sampleRows } from "./coder-variants.js";
import { bothSides, directionCoder, widthOf } from "./direction-coder.js";
import { eigenvectors } from "./eigenvectors.js";
import type { SparseCoder } from "./sparse-coder.js";

export interface PcaCoderOptions {
  /** What it is fitted on: values at the hookpoint, `[…, width]`; several times as many positions as dimensions. */
  activations: Tensor;
  /** How many principal components. Default: all, as many as there are dimensions. */
  components?: number | undefined;
  /** Latents kept at each position. Default: 32, or as many as there are components. */
  k?: number | undefined;
  /** How many positions are looked at. Default: 10,000, spread evenly. */
  positions?: number | undefined;
  threads?: number | undefined;
}

/**
 * Principal components as latents: latent i is how far a position lies from the mean along
 * component i, latent `components + i` how far the other way. The first explains most. Positions
 * that are over ten times as long as usual are not fitted.
 *
 * @throws {HookpointError} If the model lacks the hookpoint.
 * @throws {RangeError} If there are fewer positions than dimensions, or a number is impossible.
 */
export async function pcaCoder(
  model: SubjectModel,
  hookpoint: string,
  { activations, positions = 10_000, threads, ...options }: PcaCoderOptions,
): Promise<SparseCoder> {
  const width = widthOf(model, hookpoint);
  const { components = width, k = Math.min(32, components) } = options;
  if (activations.shape.at(-1) !== width) {
    throw new RangeError(
      `Cannot fit principal components of "${hookpoint}": the activations are [${activations.shape.join(", ")}], [..., ${width}] is wanted`,
    );
  }
  const named = new Map([[hookpoint, activations]]);
  const rows = sampleRows(named, { first: hookpoint, count: positions }).sampled.get(hookpoint) as Tensor;
  if (
    !(Number.isSafeInteger(components) && components >= 1 && components <= width && rows.shape[0] > width)
  ) {
    throw new RangeError(
      `Cannot fit ${components} principal components of "${hookpoint}" on ${rows.shape[0]} positions: 1 to ${width} components and more than ${width} positions are wanted`,
    );
  }
  const centre = meanOf(rows);
  const directions = await principalDirections(rows, { centre, components, threads });
  const fitted = createHash("sha256").update(bytesOfArray(directions.data)).digest("hex").slice(0, 12);
  return directionCoder(model, {
    hookpoint,
    kind: `pca ${components} ${fitted}`,
    directions: bothSides(directions),
    centre,
    activation: { kind: "topk", k },
    threads,
  });
}

/** `[components, width]`, of length 1, the one with the largest variance first. */
async function principalDirections(
  rows: Tensor,
  { centre, components, threads }: { centre: Float32Array; components: number; threads: number | undefined },
): Promise<Tensor> {
  const width = centre.length;
  const centred = rows.data.map((value, i) => value - centre[i % width]);
  const products = await productsOf(tensor(centred, rows.shape), threads);
  const { data } = await eigenvectors(products);
  return tensor(data.slice(0, components * width), [components, width]);
}

/** `rowsᵀ · rows`, `[width, width]`. */
async function productsOf(rows: Tensor, threads: number | undefined): Promise<Tensor> {
  const builder = graphBuilder();
  const x = builder.input("x", [...rows.shape]);
  const [products] = builder.node("Gemm", [x, x], { attributes: { transA: 1 } });
  const session = await openSession(builder.build({ products }), { path: "covariance", threads });
  try {
    return (await session.run({ x: rows })).get("products") as Tensor;
  } finally {
    await session.close();
  }
}

function meanOf({ data, shape: [count, width] }: Tensor): Float32Array {
  const sums = new Float64Array(width);
  for (let i = 0; i < data.length; i++) sums[i % width] += data[i];
  return Float32Array.from(sums, (sum) => sum / count);
}
