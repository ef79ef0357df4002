import { CalledThread } from "../called-thread.js";
import { type Tensor, tensor } from "../tensor.js";

/**
 * Eigenvectors of a symmetric matrix `[width, width]`, as rows of length 1, that of the largest eigenvalue first. Computed on a
 * thread of its own: the event loop goes on.
 */
export async function eigenvectors({ data, shape }: Tensor): Promise<Tensor> {
  const [width = 0] = shape;
  const thread = new CalledThread<{ width: number; data: Float32Array }>(
    new URL("./eigen-worker.js", import.meta.url),
    { onEnd: () => {} },
  );
  try {
    return tensor((await thread.call({ width, data })) as Float32Array, [width, width]);
  } finally {
    await thread.close();
  }
}
