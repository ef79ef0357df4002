import { FileError } from "../errors.js";
import { sizeOf, type Tensor, type TensorData, tensor } from "../tensor.js";
import type { ByteSource } from "./byte-source.js";
import { type Dtype, decodeNumbers } from "./dtype.js";

/** Where a named tensor lies in its file. */
export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** Where a tensor's numbers lie in a file, as they are, in row-major order. */
export interface TensorPlace {
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
  readonly dtype: Dtype;
}

/** A file of named tensors, whatever its layout: only the table is read until one is asked for. */
export interface TensorFile {
  /** Shown in errors: the path. */
  readonly name: string;
  /** Free text that the file carries. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** One tensor, F16 and BF16 widened. @throws {FileError} If there is none of that name. */
  read(name: string): Promise<Tensor<TensorData>>;
  /** One tensor of F32, F16, BF16 or F64 as float32. @throws {FileError} If it is missing or not floating. */
  float32(name: string): Promise<Tensor>;
  /** Where one tensor lies; `undefined` if it is packed, in another order, or not in a file. */
  place(name: string): Promise<TensorPlace | undefined>;
}

interface TensorFileOptions {
  readonly metadata?: Record<string, string>;
  readonly fetch: (name: string) => Promise<Uint8Array>;
  /** Where an entry's bytes start, if they lie there as they are. */
  readonly offset: (name: string) => Promise<number | undefined>;
}

/** A tensor file over a table and a way to fetch one entry's bytes. */
export function tensorFile(
  source: Pick<ByteSource, "name" | "path">,
  tensors: ReadonlyMap<string, StoredTensor>,
  options: TensorFileOptions,
): TensorFile {
  const path = source.name;
  const entry = (name: string): StoredTensor => {
    const found = tensors.get(name);
    if (found) return found;
    const has = [...tensors.keys()].slice(0, 12).join(", ") || "no tensors";
    throw new FileError(`Cannot read tensor "${name}" of "${path}": it has ${has}`, path);
  };
  const read = async (name: string) => {
    const { dtype, shape } = entry(name);
    return tensor(decodeNumbers(await options.fetch(name), dtype), shape);
  };
  const float32 = async (name: string) => {
    const { dtype } = entry(name);
    const { data, shape } = await read(name);
    if (data instanceof Float32Array) return tensor(data, shape);
    if (data instanceof Float64Array) return tensor(Float32Array.from(data), shape);
    throw new FileError(
      `Cannot read tensor "${name}" of "${path}" as numbers with a fraction: it is ${dtype}; F32, F16, BF16 or F64 is wanted`,
      path,
    );
  };
  const place = async (name: string) => {
    const { dtype } = entry(name);
    const offset = source.path === undefined ? undefined : await options.offset(name);
    return offset === undefined ? undefined : { file: source.path as string, offset, dtype };
  };
  return { name: path, metadata: options.metadata ?? {}, tensors, read, float32, place };
}

/**
 * @throws {FileError} If sizes are not whole numbers from 0, or a tensor's bytes are not as many as its
 *   shape and dtype say.
 */
export function checkByteCount(
  file: string,
  name: string,
  stored: StoredTensor & { bytesPerNumber: number; byteCount: number },
): void {
  if (!stored.shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new FileError(
      `Cannot read tensor "${name}" of "${file}": its shape [${stored.shape.join(", ")}] is not of whole numbers`,
      file,
    );
  }
  const wanted = sizeOf(stored.shape) * stored.bytesPerNumber;
  if (stored.byteCount === wanted) return;
  throw new FileError(
    `Cannot read tensor "${name}" of "${file}": ${stored.dtype} [${stored.shape.join(", ")}] takes ${wanted} bytes, the file gives it ${stored.byteCount}`,
    file,
  );
}
