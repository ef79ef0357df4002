/**
 * NumPy's .npy, versions 1 to 3: a magic string, a header that is a Python dict literal, raw
 * numbers. Little-endian, C order. Format: numpy.lib.format.
 */
import { FileError } from "../errors.js";
import { sizeOf, type Tensor, type TensorData, tensor } from "../tensor.js";
import { bytesOf, type Dtype, decodeNumbers } from "./dtype.js";
import { checkByteCount, type StoredTensor } from "./tensor-file.js";

const dtypes: Record<string, Dtype> = {
  f8: "F64",
  f4: "F32",
  f2: "F16",
  i8: "I64",
  i4: "I32",
  i2: "I16",
  i1: "I8",
  u8: "U64",
  u4: "U32",
  u2: "U16",
  u1: "U8",
  b1: "BOOL",
};

/** Shape and dtype of a .npy, and where its numbers start. `bytes` need only hold the header. */
export function npyHeader(bytes: Uint8Array, name: string): StoredTensor & { dataStart: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = bytes.length >= 12 && bytes[0] === 0x93 && String.fromCharCode(...bytes.subarray(1, 6));
  if (magic !== "NUMPY") throw new FileError(`Cannot read "${name}" as .npy: it does not start as one`, name);
  const start = bytes[6] === 1 ? 10 : 12;
  const length = bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) {
    throw new FileError(`Cannot read "${name}" as .npy: it is cut short in its header`, name);
  }
  const text = new TextDecoder().decode(bytes.subarray(start, start + length));
  const descr = /'descr':\s*'([<>|=])([a-z]\d+)'/.exec(text);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text);
  const dtype = descr ? dtypes[descr[2]] : undefined;
  if (!descr || !shape || !dtype || descr[1] === ">" || /'fortran_order':\s*True/.test(text)) {
    throw new FileError(
      `Cannot read "${name}" as .npy: its header is ${text.trim()}; plain little-endian numbers in C order are wanted`,
      name,
    );
  }
  const sizes = shape[1].split(",").flatMap((s) => (s.trim() === "" ? [] : [Number(s)]));
  if (!sizes.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new FileError(`Cannot read "${name}" as .npy: its shape is (${shape[1]})`, name);
  }
  return { dtype, shape: sizes, dataStart: start + length };
}

/**
 * The array in the bytes of a .npy; F16 widened to float32.
 *
 * @throws {FileError} If they are cut short, big-endian, in Fortran order, or not numbers.
 */
export function decodeNpy(bytes: Uint8Array, name = "bytes in memory"): Tensor<TensorData> {
  const { dtype, shape, dataStart } = npyHeader(bytes, name);
  const byteCount = Math.min(bytes.length - dataStart, sizeOf(shape) * bytesOf(dtype));
  checkByteCount(name, "array", { dtype, shape, bytesPerNumber: bytesOf(dtype), byteCount });
  return tensor(decodeNumbers(bytes.subarray(dataStart, dataStart + byteCount), dtype), shape);
}
