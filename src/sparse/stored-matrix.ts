/**
 * Matrices that stay in their file: a coder's two are most of it, and explaining a few latents needs
 * a few rows. The encoder's graph refers to the file; the runtime makes the one copy that it computes with.
 */
import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { FileError } from "../errors.js";
import { bytesOf, decodeNumbers } from "../formats/dtype.js";
import { fileState } from "../formats/file-state.js";
import type { TensorFile, TensorPlace } from "../formats/tensor-file.js";
import type { GraphBuilder } from "../model/onnx/graph-builder.js";
import { row, type Tensor } from "../tensor.js";

type FloatDtype = "F32" | "F16" | "BF16";

export type FloatPlace = TensorPlace & { readonly dtype: FloatDtype };

/** Where a tensor of floating-point numbers lies in its file; `undefined` if it has to be unpacked. */
export async function floatPlace(file: TensorFile, name: string): Promise<FloatPlace | undefined> {
  const place = await file.place(name);
  const dtype = place?.dtype;
  return place && (dtype === "F32" || dtype === "F16" || dtype === "BF16") ? { ...place, dtype } : undefined;
}

/** A matrix in a file. Each use of `data` reads all of it; `rows` reads some. */
export interface StoredMatrix extends Tensor {
  readonly place: FloatPlace;
  /** Whether the file has rows and columns the other way round (`columnsOf`). Default: false. */
  readonly transposed?: true;
  /** Whether other numbers lie between its rows. Default: false. */
  readonly spread?: boolean;
  /** Rows `[from, to)`, widened to float32. @throws {FileError} If the file has changed. */
  rows(from: number, to: number): Float32Array;
  /** @throws {FileError} If the file is no longer what it was when the coder was loaded. */
  checkUnchanged(): void;
}

/**
 * @param place Of the first row.
 * @param options `step`: numbers from one row's start to the next. Default: as many as a row has.
 * @throws {Error} If the file is not there.
 */
export function storedMatrix(
  place: FloatPlace,
  shape: readonly [number, number],
  { step = shape[1] }: { step?: number } = {},
): StoredMatrix {
  const spread = step !== shape[1];
  const stepBytes = step * bytesOf(place.dtype);
  const file = realpathSync(place.file);
  const rowBytes = shape[1] * bytesOf(place.dtype);
  const reading = readerOf(file);
  const rows = (from: number, to: number): Float32Array => {
    const bytes = new Uint8Array((to - from) * rowBytes);
    reading((descriptor) => {
      const start = place.offset + from * stepBytes;
      if (!spread) return readFully(descriptor, bytes, start);
      for (let i = 0; i < to - from; i++) {
        readFully(descriptor, bytes.subarray(i * rowBytes, (i + 1) * rowBytes), start + i * stepBytes);
      }
    });
    return decodeNumbers(bytes, place.dtype) as Float32Array;
  };
  return {
    place: { ...place, file },
    shape,
    spread,
    get data() {
      return rows(0, shape[0]);
    },
    rows,
    checkUnchanged: () => reading(() => {}),
  };
}

/** Opens a file for one reading after the other, as long as it is what it is now. */
function readerOf(file: string): <T>(read: (descriptor: number) => T) => T {
  const before = fileState(statSync(file));
  return (read) => {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(file, "r");
      if (fileState(fstatSync(descriptor)) !== before) throw new Error("its size or time is another");
      return read(descriptor);
    } catch (cause) {
      throw new FileError(
        `Cannot read the weights of "${file}": it has changed since; load the sparse coder again`,
        file,
        { cause },
      );
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  };
}

function readFully(descriptor: number, bytes: Uint8Array, start: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30), start + done);
    if (count === 0) throw new Error("it shrank while it was read");
    done += count;
  }
}

export function isStored(matrix: Tensor): matrix is StoredMatrix {
  return "place" in matrix;
}

/** Rows that are read at once where they are asked for in their order. */
const rowsAhead = 256;

/**
 * Gives single rows, wherever the matrix lies. Whoever compares all latents asks for one row after the other: these are
 * read in blocks, since opening the file takes longer than reading a row.
 */
export function rowReader(matrix: Tensor): (index: number) => Float32Array {
  if (!isStored(matrix)) return (index) => row(matrix, index);
  const [count, columns] = matrix.shape;
  let block: Float32Array = new Float32Array();
  let [first, last] = [0, Number.NaN];
  return (index) => {
    const known = block.length / columns;
    if (index < first || index >= first + known) {
      first = index;
      block = matrix.rows(index, index === last + 1 ? Math.min(count, index + rowsAhead) : index + 1);
    }
    last = index;
    return block.slice((index - first) * columns, (index - first + 1) * columns);
  };
}

/** Whether a graph can refer to the matrix where it lies: the runtime computes with aligned numbers only. */
export function staysInFile(matrix: Tensor): matrix is StoredMatrix {
  return isStored(matrix) && !matrix.spread && matrix.place.offset % bytesOf(matrix.place.dtype) === 0;
}

/** Adds rows `[from, to)` of a matrix to a graph, in place where it lies in a file, and gives the tensor's name. */
export function weightRows(
  builder: GraphBuilder,
  matrix: Tensor,
  { name, from, to }: { name: string; from: number; to: number },
): string {
  const columns = matrix.shape[1];
  const shape = [to - from, columns];
  if (!staysInFile(matrix)) {
    const rows = isStored(matrix)
      ? matrix.rows(from, to)
      : matrix.data.subarray(from * columns, to * columns);
    return builder.weight(name, rows, shape);
  }
  matrix.checkUnchanged();
  const { file, offset, dtype } = matrix.place;
  const rowBytes = columns * bytesOf(dtype);
  if (!matrix.transposed) {
    const start = offset + from * rowBytes;
    return builder.weightAt(name, { file, dtype, offset: start, length: (to - from) * rowBytes }, shape);
  }
  const length = matrix.shape[0] * rowBytes;
  const whole = builder.weightAt("whole", { file, dtype, offset, length }, [columns, matrix.shape[0]]);
  // Done once, when the session is made, as all that depends on weights only.
  const index = (key: string, value: number) =>
    builder.weight(`${name}/${key}`, BigInt64Array.of(BigInt(value)), [1]);
  const sliced = builder.node("Slice", [whole, index("start", from), index("end", to), index("axis", 1)]);
  return builder.node("Transpose", sliced, { attributes: { perm: [1, 0] } })[0];
}
