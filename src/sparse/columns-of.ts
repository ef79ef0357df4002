import type { Tensor } from "../tensor.js";
import { transpose } from "./coder-weights.js";
import { isStored, type StoredMatrix } from "./stored-matrix.js";

/**
 * A matrix with rows and columns exchanged, for encoders that files keep as `[d_model, d_sae]`. One in
 * a file stays there for graphs, which slice it; the first row that is asked for brings all of
 * them into memory, for as long as the matrix is in use.
 */
export function columnsOf(matrix: Tensor): Tensor {
  if (!isStored(matrix)) return transpose(matrix);
  const [width, rows] = matrix.shape;
  let turned: Float32Array | undefined;
  const all = () => {
    turned ??= transpose(matrix).data;
    return turned;
  };
  const columns: StoredMatrix = {
    place: matrix.place,
    transposed: true,
    shape: [rows, width],
    get data() {
      return all();
    },
    rows: (from, to) => all().subarray(from * width, to * width),
    checkUnchanged: matrix.checkUnchanged,
  };
  return columns;
}
