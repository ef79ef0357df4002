import type { ByteSource } from "./byte-source.js";
import { bytesOf } from "./dtype.js";
import { npyHeader } from "./npy.js";
import { checkByteCount, type StoredTensor, type TensorFile, tensorFile } from "./tensor-file.js";
import { openZip, type ZipMember } from "./zip.js";

/**
 * Opens a .npz: a zip file whose members are `NAME.npy`, stored or deflated. Members are unpacked
 * once to read their headers and again when asked for, so that memory holds one at a time.
 *
 * @throws {FileError} If it is damaged, or a member is not a plain array of numbers.
 */
export async function openNpz(source: ByteSource): Promise<TensorFile> {
  const members = await openZip(source);
  const tensors = new Map<string, StoredTensor>();
  const places = new Map<string, { member: ZipMember; dataStart: number }>();
  for (const [file, member] of members) {
    const name = file.replace(/\.npy$/, "");
    const path = `${source.name}/${file}`;
    const bytes = await member.read();
    const { dtype, shape, dataStart } = npyHeader(bytes, path);
    const byteCount = bytes.length - dataStart;
    checkByteCount(path, name, { dtype, shape, bytesPerNumber: bytesOf(dtype), byteCount });
    tensors.set(name, { dtype, shape });
    places.set(name, { member, dataStart });
  }
  const fetch = async (name: string) => {
    const place = places.get(name);
    return (await place?.member.read())?.subarray(place?.dataStart) ?? new Uint8Array();
  };
  const offset = async (name: string) => {
    const place = places.get(name);
    const start = await place?.member.start();
    return place && start !== undefined ? start + place.dataStart : undefined;
  };
  return tensorFile(source, tensors, { fetch, offset });
}
