import { bytesOf } from "../formats/dtype.js";
import { type Tensor, tensor } from "../tensor.js";
import { transpose } from "./coder-weights.js";
import { isStored, type StoredMatrix, storedMatrix } from "./stored-matrix.js";

/**
 * A matrix with rows and columns exchanged, for encoders that files keep as `[d_model, d_sae]`. One in a file stays there: for
 * graphs, which slice it, and for rows, of which each is gathered from its places in the file.
 */
export function columnsOf(matrix: Tensor): Tensor {
  if (!isStored(matrix)) return transpose(matrix);
  const [width, count] = matrix.shape;
  const { place } = matrix;
  const rows = (from: number, to: number) => {
    matrix.checkUnchanged();
    const start = { ...place, offset: place.offset + from * bytesOf(place.dtype) };
    const columns = storedMatrix(start, [width, to - from], { step: count });
    return transpose(tensor(columns.data, [width, to - from])).data;
  };
  const columns: StoredMatrix = {
    place,
    transposed: true,
    shape: [count, width],
    get data() {
      return rows(0, count);
    },
    rows,
    checkUnchanged: matrix.checkUnchanged,
  };
  return columns;
}
