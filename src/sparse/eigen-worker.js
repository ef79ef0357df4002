// @ts-check
/** A thread on which eigenvectors are computed: seconds for a thousand dimensions. Answers the messages of `eigenvectors.ts`. */
import { parentPort } from "node:worker_threads";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";

parentPort?.on("message", (/** @type {{ id: number, width: number, data: Float32Array }} */ message) => {
  const { id, width, data } = message;
  try {
    const matrix = Matrix.from1DArray(width, width, data);
    const { eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
    const value = new Float32Array(width * width);
    // Its eigenvalues rise.
    for (let i = 0; i < width; i++) value.set(eigenvectorMatrix.getColumn(width - 1 - i), i * width);
    parentPort?.postMessage({ id, value }, [value.buffer]);
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
