/**
 * Files of `torch.save` with a state dict: a zip with a pickle (`data.pkl`) that describes the
 * tensors and one member of raw numbers for each storage. Only descriptions of tensors are
 * understood, so a file with code in it is refused. Files from before PyTorch 1.6 are no zips.
 */
import { FileError } from "../errors.js";
import { sizeOf } from "../tensor.js";
import type { ByteSource } from "./byte-source.js";
import { bytesOf, type Dtype } from "./dtype.js";
import { decodePickle, type PickleCall, type PickleReference } from "./pickle.js";
import { type StoredTensor, type TensorFile, tensorFile } from "./tensor-file.js";
import { openZip } from "./zip.js";

const storages: Record<string, Dtype> = {
  "torch.DoubleStorage": "F64",
  "torch.FloatStorage": "F32",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.LongStorage": "I64",
  "torch.IntStorage": "I32",
  "torch.ShortStorage": "I16",
  "torch.CharStorage": "I8",
  "torch.ByteStorage": "U8",
  "torch.BoolStorage": "BOOL",
};
const rebuildTensor = "torch._utils._rebuild_tensor_v2";
const rebuildParameter = "torch._utils._rebuild_parameter";

interface Place extends StoredTensor {
  /** Name of the storage's member. */
  readonly member: string;
  /** In numbers, not bytes. */
  readonly offset: number;
  readonly strides: readonly number[];
}

/**
 * Opens a state dict saved by PyTorch. Text and numbers in it become metadata, those of dicts in it
 * under `dict.key`; other entries are left out.
 *
 * @throws {FileError} If it is damaged or holds anything but plain data.
 */
export async function openTorch(source: ByteSource): Promise<TensorFile> {
  const members = await openZip(source);
  const pickle = [...members.keys()].find((name) => name.endsWith("/data.pkl"));
  const bytes = pickle && (await members.get(pickle)?.read());
  if (!bytes)
    throw new FileError(`Cannot read "${source.name}" as a PyTorch file: it has no data.pkl`, source.name);
  const folder = pickle.slice(0, -"data.pkl".length);
  const places = new Map<string, Place>();
  const dict = readPickle(bytes, source.name);
  for (const [name, value] of dict) {
    const place = placeOf(value, folder, source.name);
    if (typeof name === "string" && place) places.set(name, place);
  }
  const fetch = async (name: string) => {
    const place = places.get(name) as Place;
    const storage = await members.get(place.member)?.read();
    if (storage) return gather(storage, place, `${name}" of "${source.name}`);
    throw new FileError(
      `Cannot read tensor "${name}" of "${source.name}": its numbers are missing`,
      source.name,
    );
  };
  const offset = async (name: string) => {
    const place = places.get(name) as Place;
    const member = members.get(place.member);
    const start = await member?.start();
    if (!member || start === undefined || !isRowMajor(place)) return undefined;
    const size = bytesOf(place.dtype);
    const inside = (place.offset + sizeOf(place.shape)) * size <= member.size;
    return inside ? start + place.offset * size : undefined;
  };
  return tensorFile(source, places, { fetch, offset, metadata: plainEntries(dict) });
}

function readPickle(bytes: Uint8Array, path: string): Map<unknown, unknown> {
  const known = new Set([
    rebuildTensor,
    rebuildParameter,
    "collections.OrderedDict",
    ...Object.keys(storages),
  ]);
  let value: unknown;
  try {
    value = decodePickle(bytes, (name) => known.has(name));
  } catch (cause) {
    throw new FileError(
      `Cannot read "${path}" as a PyTorch file: ${(cause as Error).message}; save only the state dict`,
      path,
      { cause },
    );
  }
  if (value instanceof Map) return value;
  throw new FileError(`Cannot read "${path}" as a PyTorch file: a state dict is wanted`, path);
}

function plainEntries(dict: Map<unknown, unknown>): Record<string, string> {
  const entries = [...dict].flatMap(([name, value]) =>
    value instanceof Map ? [...value].map(([key, inner]) => [`${name}.${key}`, inner]) : [[name, value]],
  );
  const plain = entries.filter(([, value]) => typeof value === "string" || typeof value === "number");
  return Object.fromEntries(plain.map(([name, value]) => [String(name), String(value)]));
}

function placeOf(value: unknown, folder: string, path: string): Place | undefined {
  const call = value as PickleCall | null;
  // A parameter holds its tensor; no deeper, since a damaged file may hold itself.
  const inner = call?.callee === rebuildParameter ? (list(call.arguments)[0] as PickleCall | null) : call;
  if (inner?.callee !== rebuildTensor) return undefined;
  const [storage, offset, shape, strides] = list(inner.arguments);
  const [, type, key] = list((storage as Partial<PickleReference> | undefined)?.reference);
  const dtype = storages[String((type as { name?: unknown } | undefined)?.name)];
  const sizes = [list(shape), list(strides)];
  const whole = [offset, ...sizes.flat()].every((n) => Number.isSafeInteger(n) && Number(n) >= 0);
  if (!dtype || !whole || sizes[0].length !== sizes[1].length) {
    throw new FileError(`Cannot read "${path}" as a PyTorch file: a tensor's description is damaged`, path);
  }
  const [numbers, steps] = sizes as number[][];
  return { dtype, shape: numbers, strides: steps, offset: Number(offset), member: `${folder}data/${key}` };
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRowMajor({ shape, strides }: Place): boolean {
  return shape.every((n, axis) => n === 1 || strides[axis] === sizeOf(shape.slice(axis + 1)));
}

/** The tensor's numbers in row-major order: a view where they lie so already. */
function gather(storage: Uint8Array, place: Place, what: string): Uint8Array {
  const { dtype, shape, strides, offset } = place;
  const size = bytesOf(dtype);
  const last = shape.reduce((at, n, axis) => at + Math.max(0, n - 1) * strides[axis], offset);
  const count = sizeOf(shape);
  // More numbers than are stored would be repeated ones, from a damaged or hostile file.
  if (count > 0 && Math.max(last + 1, count) * size > storage.length) {
    throw new FileError(`Cannot read tensor "${what}": its storage is cut short`, what);
  }
  if (isRowMajor(place)) return storage.subarray(offset * size, (offset + count) * size);
  const out = new Uint8Array(count * size);
  const index = shape.map(() => 0);
  for (let i = 0; i < count; i++) {
    const from = index.reduce((at, n, axis) => at + n * strides[axis], offset) * size;
    out.set(storage.subarray(from, from + size), i * size);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return out;
}
