/**
 * safetensors: a little-endian u64 with the length of a JSON header, the header
 * (`{name: {dtype, shape, data_offsets}, __metadata__}`), then the raw numbers.
 * Format: https://github.com/huggingface/safetensors. One tensor is one positional read.
 */
import { FileError } from "../errors.js";
import type { TensorData } from "../tensor.js";
import { sizeOf } from "../tensor.js";
import type { ByteSource } from "./byte-source.js";
import { bytesOf, bytesOfArray, type Dtype, isDtype } from "./dtype.js";
import { floatToBfloat, floatToHalf } from "./half.js";
import { checkByteCount, type StoredTensor, type TensorFile, tensorFile } from "./tensor-file.js";

/** The reference implementation refuses longer headers; so do we, before allocating. */
const longestHeader = 100_000_000;

/**
 * Opens a safetensors file: reads its header only.
 *
 * @throws {FileError} If it is cut short or is not safetensors.
 */
export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  const { header, dataStart } = await readHeader(source);
  const tensors = new Map<string, StoredTensor>();
  const places = new Map<string, readonly [number, number]>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") {
      metadata = (value ?? {}) as Record<string, string>;
      continue;
    }
    const { dtype, shape, start, end } = readEntry(source.name, name, value);
    checkByteCount(source.name, name, {
      dtype,
      shape,
      bytesPerNumber: bytesOf(dtype),
      byteCount: end - start,
    });
    if (dataStart + end > source.size) throw cutShort(source, dataStart + end);
    tensors.set(name, { dtype, shape });
    places.set(name, [dataStart + start, dataStart + end]);
  }
  const fetch = (name: string) => source.read(...(places.get(name) ?? [0, 0]));
  return tensorFile(source, tensors, { metadata, fetch, offset: async (name) => places.get(name)?.[0] });
}

/** What to write: typed data with a shape; `dtype` asks for F16 or BF16 storage of float32 data. */
export interface TensorToStore {
  readonly data: TensorData;
  readonly shape: readonly number[];
  readonly dtype?: "F16" | "BF16" | "BOOL";
}

/**
 * The bytes of a safetensors file with these tensors, in this order.
 *
 * @throws {RangeError} If a shape does not fit its data.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TensorToStore>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { data, shape, dtype }] of Object.entries(tensors)) {
    if (sizeOf(shape) !== data.length) {
      throw new RangeError(
        `Cannot store tensor "${name}": shape [${shape.join(", ")}] does not hold ${data.length} numbers`,
      );
    }
    const bytes = bytesOfArray(packed(data, dtype));
    header[name] = { dtype: dtype ?? dtypeOf(data), shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // The reference implementation pads with spaces so that the data starts 8-aligned.
  const length = Math.ceil(text.length / 8) * 8;
  const out = new Uint8Array(8 + length + offset).fill(0x20, 8, 8 + length);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(text, 8);
  let at = 8 + length;
  for (const bytes of parts) {
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

async function readHeader(source: ByteSource) {
  if (source.size < 8) throw cutShort(source, 8);
  const start = await source.read(0, 8);
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (length > longestHeader) throw notSafetensors(source.name, `its header claims ${length} bytes`);
  if (8 + length > source.size) throw cutShort(source, 8 + length);
  const text = new TextDecoder().decode(await source.read(8, 8 + length));
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw notSafetensors(source.name, "its header is not JSON", cause);
  }
  if (typeof header !== "object" || header === null) {
    throw notSafetensors(source.name, "its header is not a JSON object");
  }
  return { header: header as Record<string, unknown>, dataStart: 8 + length };
}

function readEntry(path: string, name: string, value: unknown) {
  const { dtype, shape, data_offsets } = (value ?? {}) as Record<string, unknown>;
  if (!isDtype(dtype)) {
    throw new FileError(`Cannot read tensor "${name}" of "${path}": its dtype "${dtype}" is not known`, path);
  }
  const [start, end] = Array.isArray(data_offsets) ? (data_offsets as number[]) : [];
  const ordered = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end;
  if (!Array.isArray(shape) || !ordered) {
    throw notSafetensors(path, `the entry "${name}" lacks a shape or offsets`);
  }
  return { dtype, shape: shape as number[], start, end };
}

function packed(data: TensorData, dtype: TensorToStore["dtype"]): TensorData {
  if (dtype === "F16") return floatToHalf(data as Float32Array);
  if (dtype === "BF16") return floatToBfloat(data as Float32Array);
  return data;
}

function dtypeOf(data: TensorData): Dtype {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Uint32Array) return "U32";
  if (data instanceof Uint16Array) return "U16";
  if (data instanceof Int16Array) return "I16";
  if (data instanceof Int8Array) return "I8";
  if (data instanceof BigInt64Array) return "I64";
  if (data instanceof BigUint64Array) return "U64";
  return "U8";
}

function cutShort(source: ByteSource, wanted: number): FileError {
  return new FileError(
    `Cannot read "${source.name}" as safetensors: it is cut short at ${source.size} of at least ${wanted} bytes; fetch it again`,
    source.name,
  );
}

function notSafetensors(path: string, found: string, cause?: unknown): FileError {
  return new FileError(`Cannot read "${path}" as safetensors: ${found}`, path, { cause });
}
