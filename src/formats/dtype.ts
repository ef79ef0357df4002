import type { TensorData } from "../tensor.js";
import { bfloatToFloat, halfToFloat } from "./half.js";

/** How numbers are stored, in safetensors' words. Little-endian everywhere. */
export type Dtype =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

type ArrayType = new (buffer: ArrayBuffer, offset: number, length: number) => TensorData;

const storage: Record<Dtype, { bytes: number; array: ArrayType }> = {
  F64: { bytes: 8, array: Float64Array },
  F32: { bytes: 4, array: Float32Array },
  F16: { bytes: 2, array: Uint16Array },
  BF16: { bytes: 2, array: Uint16Array },
  I64: { bytes: 8, array: BigInt64Array },
  I32: { bytes: 4, array: Int32Array },
  I16: { bytes: 2, array: Int16Array },
  I8: { bytes: 1, array: Int8Array },
  U64: { bytes: 8, array: BigUint64Array },
  U32: { bytes: 4, array: Uint32Array },
  U16: { bytes: 2, array: Uint16Array },
  U8: { bytes: 1, array: Uint8Array },
  BOOL: { bytes: 1, array: Uint8Array },
};

export function isDtype(name: unknown): name is Dtype {
  return typeof name === "string" && Object.hasOwn(storage, name);
}

/** Bytes of one number. */
export function bytesOf(dtype: Dtype): number {
  return storage[dtype].bytes;
}

/** The numbers in `bytes`; a view where they are aligned, F16 and BF16 widened to float32. */
export function decodeNumbers(bytes: Uint8Array, dtype: Dtype): TensorData {
  const { bytes: size, array: TypedArray } = storage[dtype];
  const aligned = bytes.byteOffset % size === 0 && bytes.buffer instanceof ArrayBuffer;
  const home = aligned ? bytes : new Uint8Array(bytes);
  const numbers = new TypedArray(home.buffer as ArrayBuffer, home.byteOffset, bytes.length / size);
  if (dtype === "F16") return halfToFloat(numbers as Uint16Array);
  if (dtype === "BF16") return bfloatToFloat(numbers as Uint16Array);
  return numbers;
}

/** The bytes behind a typed array, as a view. */
export function bytesOfArray(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
