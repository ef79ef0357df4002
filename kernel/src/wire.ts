/**
 * The wire format: frames ↔ messages, with the HMAC signature checked (section "The wire protocol").
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { type Header, type Json, type Message, protocolVersion } from "./messages.js";

const delimiter = Buffer.from("<IDS|MSG>");
/** Signatures that are remembered, so that nobody can send a message that he overheard once more. */
const maxSignatures = 65_536;

/** Signs, packs and unpacks messages of one connection. */
export class WireCodec {
  readonly #key: string;
  readonly #algorithm: string;
  readonly #session = randomUUID();
  readonly #seen = new Set<string>();
  #count = 0;

  /** @throws {RangeError} When the signature scheme is not an HMAC, e.g. `hmac-sha256`. */
  constructor(key: string, scheme = "hmac-sha256") {
    if (!scheme.startsWith("hmac-")) {
      throw new RangeError(`Cannot sign with "${scheme}": the scheme must be an HMAC, e.g. "hmac-sha256"`);
    }
    this.#key = key;
    this.#algorithm = scheme.slice("hmac-".length);
  }

  /** A fresh header of this kernel's session. */
  header(msgType: string): Header {
    return {
      msg_id: `${this.#session}_${this.#count++}`,
      msg_type: msgType,
      session: this.#session,
      username: "kernel",
      date: new Date().toISOString(),
      version: protocolVersion,
    };
  }

  /** Packs a message into frames. */
  encode(message: Message): Buffer[] {
    const parts = [message.header, message.parent ?? {}, message.metadata, message.content].map((part) =>
      Buffer.from(JSON.stringify(part)),
    );
    const buffers = message.buffers.map((buffer) =>
      Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength),
    );
    const identities = message.identities.map((identity) => Buffer.from(identity));
    return [...identities, delimiter, Buffer.from(this.#sign(parts)), ...parts, ...buffers];
  }

  /**
   * Unpacks frames.
   *
   * @throws {SyntaxError} When the delimiter or a part is missing or is not JSON.
   * @throws {RangeError} When the signature is wrong, or was there before.
   */
  decode(frames: readonly Buffer[]): Message {
    const at = frames.findIndex((frame) => frame.equals(delimiter));
    const parts = frames.slice(at + 2, at + 6);
    if (at < 0 || parts.length < 4) {
      throw new SyntaxError(
        `Cannot read a message of ${frames.length} frames: it lacks the delimiter or a part`,
      );
    }
    this.#check(parts, frames[at + 1] as Buffer);
    const [header, parent, metadata, content] = parts.map((part) => JSON.parse(part.toString()) as Json);
    return {
      identities: frames.slice(0, at),
      header: header as unknown as Header,
      parent: parent && "msg_id" in parent ? (parent as unknown as Header) : undefined,
      metadata: metadata ?? {},
      content: content ?? {},
      buffers: frames.slice(at + 6),
    };
  }

  #sign(parts: readonly Buffer[]): string {
    if (!this.#key) return "";
    const hmac = createHmac(this.#algorithm, this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  }

  #check(parts: readonly Buffer[], signature: Buffer): void {
    const wanted = Buffer.from(this.#sign(parts));
    if (this.#key && (wanted.length !== signature.length || !timingSafeEqual(wanted, signature))) {
      throw new RangeError(
        "Cannot accept a message: its signature does not match the key of the connection file",
      );
    }
    if (this.#key) this.#refuseReplay(signature.toString());
  }

  #refuseReplay(signature: string): void {
    if (this.#seen.has(signature)) {
      throw new RangeError(`Cannot accept a message: one with its signature "${signature}" has come before`);
    }
    this.#seen.add(signature);
    for (const oldest of this.#seen) {
      if (this.#seen.size <= maxSignatures) break;
      this.#seen.delete(oldest);
    }
  }
}
