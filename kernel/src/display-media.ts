/** MIME bundles of content whose type has to be said. */
import type { MimeBundle } from "./messages.js";
import { plainText } from "./mime-bundle.js";

/** First bytes of the image formats that notebooks show; undefined stands for any byte. */
const signatures: Readonly<Record<string, readonly (number | undefined)[]>> = {
  "image/png": [0x89, 0x50, 0x4e, 0x47],
  "image/jpeg": [0xff, 0xd8, 0xff],
  "image/gif": [0x47, 0x49, 0x46, 0x38],
  "image/webp": [0x52, 0x49, 0x46, 0x46, undefined, undefined, undefined, undefined, 0x57, 0x45, 0x42, 0x50],
};

/**
 * An image, by the format that its bytes are in.
 *
 * @throws {TypeError} When that is none of PNG, JPEG, GIF and WebP.
 */
export function imageBundle(bytes: Uint8Array): MimeBundle {
  const type = Object.keys(signatures).find((name) =>
    signatures[name]?.every((byte, i) => byte === undefined || byte === bytes[i]),
  );
  if (type) return { [type]: bytes };
  const start = Buffer.from(bytes.subarray(0, 8)).toString("hex");
  throw new TypeError(
    `Cannot show an image that begins with the bytes "${start}": give the bytes of a PNG, JPEG, GIF or WebP file`,
  );
}

/** A value as a tree that can be opened and searched. */
export function jsonBundle(value: unknown): MimeBundle {
  return { "application/json": value, "text/plain": plainText(value) };
}
