/**
 * Just enough of zip to read .npz and PyTorch files: the central directory (with ZIP64), members
 * stored or deflated. Format: PKWARE APPNOTE 6.3. Checksums are not checked. Names are keys and
 * never become paths. Files that unpack to far more than numbers do, and members that share
 * bytes, are refused before anything is unpacked.
 */
import { promisify } from "node:util";
import { inflateRaw, type ZlibOptions } from "node:zlib";
import { FileError } from "../errors.js";
import type { ByteSource } from "./byte-source.js";

export interface ZipMember {
  readonly name: string;
  /** Bytes after unpacking. */
  readonly size: number;
  read(): Promise<Uint8Array>;
  /** Where its bytes start in the file; `undefined` if they are packed. */
  start(): Promise<number | undefined>;
}

interface Place {
  name: string;
  method: number;
  packed: number;
  size: number;
  offset: number;
}

const full = 0xffffffff;
/** Files that unpack to more must not be less than a hundredth of it: numbers never shrink so far, but for zeros. */
const largestDense = 64 << 20;
const largestRatio = 100;
const inflate = promisify<Uint8Array, ZlibOptions, Buffer>(inflateRaw);

/**
 * The members of a zip file, in its order.
 *
 * @throws {FileError} If it is no zip file, cut short, or packed in a way other than deflate.
 */
export async function openZip(source: ByteSource): Promise<Map<string, ZipMember>> {
  const members = new Map<string, ZipMember>();
  const places = await readDirectory(source);
  const packed = places.reduce((sum, place) => sum + place.packed, 0);
  if (packed > source.size) throw damaged(source, "its members share bytes");
  const size = places.reduce((sum, place) => sum + place.size, 0);
  if (size > Math.max(largestDense, largestRatio * source.size)) {
    throw damaged(source, `its members would unpack to ${size} from ${source.size} bytes`);
  }
  for (const place of places) {
    members.set(place.name, {
      name: place.name,
      size: place.size,
      read: () => readMember(source, place),
      start: async () => (place.method === 0 ? await startOf(source, place) : undefined),
    });
  }
  return members;
}

async function readMember(source: ByteSource, place: Place): Promise<Uint8Array> {
  const start = await startOf(source, place);
  const bytes = await source.read(start, start + place.packed);
  if (place.method === 0) return bytes;
  if (place.method !== 8) throw damaged(source, `member "${place.name}" uses method ${place.method}`);
  // One byte more than promised: at 0 the option would mean no limit.
  const unpacked = await inflate(bytes, { maxOutputLength: place.size + 1 }).catch((cause: unknown) => {
    throw damaged(source, `member "${place.name}" does not unpack`, cause);
  });
  if (unpacked.length !== place.size) throw damaged(source, `member "${place.name}" has a wrong length`);
  return new Uint8Array(unpacked.buffer, unpacked.byteOffset, unpacked.length);
}

async function startOf(source: ByteSource, { name, offset }: Place): Promise<number> {
  const local = viewOf(await source.read(offset, offset + 30));
  if (local.getUint32(0, true) !== 0x04034b50) throw damaged(source, `member "${name}" is misplaced`);
  return offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
}

async function readDirectory(source: ByteSource): Promise<Place[]> {
  const tailStart = Math.max(0, source.size - 65_557);
  const tail = viewOf(await source.read(tailStart, source.size));
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw damaged(source, "its directory is missing; it may be cut short");
  let size = tail.getUint32(end + 12, true);
  let offset = tail.getUint32(end + 16, true);
  if ((offset === full || size === full) && end >= 20) {
    const record = Number(tail.getBigUint64(end - 20 + 8, true));
    const wide = viewOf(await source.read(record, record + 56));
    size = Number(wide.getBigUint64(40, true));
    offset = Number(wide.getBigUint64(48, true));
  }
  const view = viewOf(await source.read(offset, offset + size));
  const places: Place[] = [];
  for (let at = 0; at + 46 <= size && view.getUint32(at, true) === 0x02014b50; ) {
    const lengths = [28, 30, 32].map((i) => view.getUint16(at + i, true));
    const next = at + 46 + lengths[0] + lengths[1] + lengths[2];
    if (next > size) throw damaged(source, "its directory is cut short");
    places.push(readPlace(view, at, lengths));
    at = next;
  }
  return places;
}

function readPlace(view: DataView, at: number, [nameLength, extraLength]: number[]): Place {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength);
  const place: Place = {
    name: new TextDecoder().decode(bytes),
    method: view.getUint16(at + 10, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
  const extraEnd = at + 46 + nameLength + extraLength;
  for (let e = extraEnd - extraLength; e + 4 <= extraEnd; e += 4 + view.getUint16(e + 2, true)) {
    if (view.getUint16(e, true) !== 1) continue;
    // ZIP64: the wide fields stand here in this order, only those that were full above.
    let field = e + 4;
    for (const key of ["size", "packed", "offset"] as const) {
      if (place[key] !== full || field + 8 > extraEnd) continue;
      place[key] = Number(view.getBigUint64(field, true));
      field += 8;
    }
  }
  return place;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function damaged(source: ByteSource, what: string, cause?: unknown): FileError {
  return new FileError(`Cannot read "${source.name}" as a zip file: ${what}`, source.name, { cause });
}
