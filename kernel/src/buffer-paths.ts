/** Binary values of a widget's state travel as buffers beside the JSON; paths say where they belong (protocol 2.1). */

/** A place in a state: keys and list indices from the top. */
export type BufferPath = readonly (string | number)[];

/** A state without its binary values, and these with their places. */
export interface SplitState {
  readonly state: Record<string, unknown>;
  readonly bufferPaths: BufferPath[];
  readonly buffers: Uint8Array[];
}

/** Takes the binary values out: in a list they leave `null`, in an object the key goes. */
export function splitBuffers(state: Readonly<Record<string, unknown>>): SplitState {
  const bufferPaths: BufferPath[] = [];
  const buffers: Uint8Array[] = [];
  const strip = (value: unknown, path: BufferPath): unknown => {
    const bytes = bytesOf(value);
    if (bytes) {
      bufferPaths.push(path);
      buffers.push(bytes);
      return undefined;
    }
    if (Array.isArray(value)) return value.map((item, i) => strip(item, [...path, i]) ?? null);
    if (!isPlainObject(value)) return value;
    const entries = Object.entries(value).map(([key, item]) => [key, strip(item, [...path, key])] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  };
  return { state: strip(state, []) as Record<string, unknown>, bufferPaths, buffers };
}

/** Puts binary values back in their places; the state is changed and returned. */
export function joinBuffers(
  state: Record<string, unknown>,
  bufferPaths: readonly BufferPath[],
  buffers: readonly Uint8Array[],
): Record<string, unknown> {
  bufferPaths.forEach((path, i) => {
    let target: Record<string | number, unknown> = state;
    for (const key of path.slice(0, -1)) target = target[key] as Record<string | number, unknown>;
    const last = path.at(-1);
    if (last !== undefined) target[last] = buffers[i];
  });
  return state;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
