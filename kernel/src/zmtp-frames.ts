/** Frames of ZMTP 3.0 (rfc.zeromq.org/spec/23): how ZeroMQ's messages lie on a TCP stream. */

/** Flag bits of a frame. */
const more = 1;
const long = 2;
const command = 4;

/** Longest frame that is accepted, in bytes; a longer one is taken for a peer gone mad. */
const maxFrame = 2 ** 30;

/** Bytes that open a connection: signature, version 3.0, mechanism NULL. */
export function greeting(): Buffer {
  const bytes = Buffer.alloc(64);
  bytes[0] = 0xff;
  bytes[8] = 1;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.write("NULL", 12, "ascii");
  return bytes;
}

/** Packs a message into chunks to be written one after another. */
export function packMessage(frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.flatMap((frame, i) => [head(i < frames.length - 1 ? more : 0, frame.byteLength), frame]);
}

/** Packs the READY command, with the properties of our socket. */
export function packReady(properties: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts: Buffer[] = [Buffer.from("\x05READY", "latin1")];
  for (const [name, value] of Object.entries(properties)) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.byteLength);
    parts.push(Buffer.from([name.length]), Buffer.from(name, "ascii"), length, Buffer.from(value));
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([head(command, body.length), body]);
}

/**
 * Reads the properties of a READY command, names in lower case.
 *
 * @throws {SyntaxError} When it is another command.
 */
export function readReady(body: Buffer): Map<string, Buffer> {
  if (body.subarray(0, 6).toString("latin1") !== "\x05READY") {
    throw new SyntaxError(
      `Cannot shake hands: the peer sent "${body.subarray(1, 6).toString("latin1")}", not READY`,
    );
  }
  const properties = new Map<string, Buffer>();
  for (let at = 6; at < body.length; ) {
    const nameEnd = at + 1 + body.readUInt8(at);
    const end = nameEnd + 4 + body.readUInt32BE(nameEnd);
    const name = body
      .subarray(at + 1, nameEnd)
      .toString("ascii")
      .toLowerCase();
    properties.set(name, body.subarray(nameEnd + 4, end));
    at = end;
  }
  return properties;
}

function head(flags: number, length: number): Buffer {
  if (length < 256) return Buffer.from([flags, length]);
  const bytes = Buffer.alloc(9);
  bytes[0] = flags | long;
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

/** A frame as it arrived. */
export interface Frame {
  readonly body: Buffer;
  readonly isCommand: boolean;
  /** Whether more frames of the same message follow. */
  readonly hasMore: boolean;
}

/** Cuts a stream of bytes into the greeting and frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #greeted = false;

  /**
   * Takes bytes and gives back the frames that are complete.
   *
   * @throws {SyntaxError} When the bytes are not ZMTP 3.
   * @throws {RangeError} When a frame is longer than a gigabyte.
   */
  *read(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (!this.#greeted && !this.#greet()) return;
    for (let frame = this.#frame(); frame; frame = this.#frame()) yield frame;
  }

  #greet(): boolean {
    if (this.#length < 64) return false;
    const bytes = this.#take(64);
    const mechanism = bytes.subarray(12, 32).toString("ascii").replace(/\0+$/, "");
    if (bytes[0] !== 0xff || (bytes[10] ?? 0) < 3 || mechanism !== "NULL") {
      throw new SyntaxError(
        `Cannot speak with a peer of ZMTP ${bytes[10]}, ${mechanism}: only version 3, NULL is known`,
      );
    }
    this.#greeted = true;
    return true;
  }

  #frame(): Frame | undefined {
    const first = this.#peek(2);
    if (!first) return undefined;
    const flags = first[0] ?? 0;
    const isLong = (flags & long) !== 0;
    const start = this.#peek(isLong ? 9 : 2);
    if (!start) return undefined;
    const length = isLong ? Number(start.readBigUInt64BE(1)) : (start[1] ?? 0);
    if (length > maxFrame)
      throw new RangeError(`Cannot take a frame of ${length} bytes: at most ${maxFrame} are accepted`);
    if (this.#length < start.length + length) return undefined;
    this.#take(start.length);
    return { body: this.#take(length), isCommand: (flags & command) !== 0, hasMore: (flags & more) !== 0 };
  }

  #peek(length: number): Buffer | undefined {
    if (this.#length < length) return undefined;
    const first = this.#chunks[0] as Buffer;
    if (first.length < length) this.#chunks = [Buffer.concat(this.#chunks)];
    return (this.#chunks[0] as Buffer).subarray(0, length);
  }

  #take(length: number): Buffer {
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      const chunk = this.#chunks[0] as Buffer;
      const part = chunk.subarray(0, missing);
      parts.push(part);
      missing -= part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#length -= length;
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }
}
