/** Writes state dicts as `torch.save` lays them out: a stored zip with a pickle and raw numbers. */
import type { Tensor } from "../../src/tensor.js";

export type TorchEntry = Tensor | string | number | { readonly [key: string]: string | number };

/** The bytes of a `.pt` with these entries. */
export function encodeTorch(entries: Readonly<Record<string, TorchEntry>>): Uint8Array {
  const members: Record<string, Uint8Array> = {};
  const parts: Buffer[] = [Buffer.from([0x80, 2, 0x7d, 0x28])];
  for (const [name, value] of Object.entries(entries)) {
    parts.push(text(name));
    if (typeof value === "object" && "data" in value) {
      const { data, shape } = value as Tensor;
      const key = String(Object.keys(members).length);
      members[`archive/data/${key}`] = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      parts.push(tensorCall(key, data.length, shape));
    } else {
      parts.push(plain(value as Exclude<TorchEntry, Tensor>));
    }
  }
  parts.push(Buffer.from([0x75, 0x2e]));
  return storedZip({ "archive/data.pkl": Buffer.concat(parts), ...members });
}

function tensorCall(key: string, count: number, shape: readonly number[]): Buffer {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((n, m) => n * m, 1));
  return Buffer.concat([
    Buffer.from("ctorch._utils\n_rebuild_tensor_v2\n(("),
    text("storage"),
    Buffer.from("ctorch\nFloatStorage\n"),
    text(key),
    text("cpu"),
    whole(count),
    Buffer.from("tQ"),
    whole(0),
    Buffer.from("("),
    ...shape.map(whole),
    Buffer.from("t("),
    ...strides.map(whole),
    Buffer.from([0x74, 0x89]),
    Buffer.from("ccollections\nOrderedDict\n)RtR"),
  ]);
}

function plain(value: Exclude<TorchEntry, Tensor>): Buffer {
  if (typeof value === "string") return text(value);
  if (typeof value === "number") return whole(value);
  const items = Object.entries(value).flatMap(([key, inner]) => [text(key), plain(inner)]);
  return Buffer.concat([Buffer.from("}("), ...items, Buffer.from("u")]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(5);
  head[0] = 0x58;
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function whole(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = 0x4a;
  bytes.writeInt32LE(value, 1);
  return bytes;
}

/** Members without compression; checksums are left 0, which our reader does not look at. */
export function storedZip(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, bytes] of Object.entries(members)) {
    const label = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt32LE(bytes.length, 18);
    local.writeUInt32LE(bytes.length, 22);
    local.writeUInt16LE(label.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt32LE(bytes.length, 20);
    entry.writeUInt32LE(bytes.length, 24);
    entry.writeUInt16LE(label.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, label, Buffer.from(bytes));
    directory.push(entry, label);
    offset += 30 + label.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(members).length, 8);
  end.writeUInt16LE(Object.keys(members).length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...locals, ...directory, end]));
}
