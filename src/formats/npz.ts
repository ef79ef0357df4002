import type { ByteSource } from "./byte-source.js";
import { bytesOf } from "./dtype.js";
import { npyHeader } from "./npy.js";
import { checkByteCount, type StoredTensor, type TensorFile, tensorFile } from "./tensor-file.js";
import { openZip } from "./zip.js";

/**
 * Opens a .npz: a zip file whose members are `NAME.npy`, stored or deflated. Members are unpacked
 * once to read their headers and again when asked for, so that memory holds one at a time.
 *
 * @throws {FileError} If it is damaged, or a member is not a plain array of numbers.
 */
export async function openNpz(source: ByteSource): Promise<TensorFile> {
  const members = await openZip(source);
  const tensors = new Map<string, StoredTensor>();
  const readers = new Map<string, () => Promise<Uint8Array>>();
  for (const [file, member] of members) {
    const name = file.replace(/\.npy$/, "");
    const path = `${source.name}/${file}`;
    const bytes = await member.read();
    const { dtype, shape, dataStart } = npyHeader(bytes, path);
    const byteCount = bytes.length - dataStart;
    checkByteCount(path, name, { dtype, shape, bytesPerNumber: bytesOf(dtype), byteCount });
    tensors.set(name, { dtype, shape });
    readers.set(name, async () => (await member.read()).subarray(dataStart));
  }
  const fetch = async (name: string) => (await readers.get(name)?.()) ?? new Uint8Array();
  return tensorFile(source, tensors, { fetch });
}
