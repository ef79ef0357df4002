import type { Socket } from "node:net";
import { FrameReader, greeting, packMessage, packReady, readReady } from "./zmtp-frames.js";

/** The kinds of sockets that meet on Jupyter's channels. */
export type SocketType = "ROUTER" | "DEALER" | "XPUB" | "SUB" | "REP" | "REQ";

/** What a peer's owner is told. */
export interface PeerEvents {
  /** The handshake is done. */
  readonly onReady?: (peer: ZmtpPeer) => void;
  readonly onMessage: (frames: Buffer[], peer: ZmtpPeer) => void;
  readonly onClose?: (peer: ZmtpPeer) => void;
  /** The peer sent what is too long, and was cut off. */
  readonly onRefused?: (error: RangeError) => void;
}

/**
 * The other end of one ZMTP connection.
 *
 * Announcing version 3.0 keeps newer peers to subscriptions as messages and to a connection without pings.
 */
export class ZmtpPeer {
  readonly #socket: Socket;
  readonly #events: PeerEvents;
  readonly #reader = new FrameReader();
  #frames: Buffer[] = [];
  #ready = false;
  /** What the peer calls itself; empty when it leaves that to us. */
  identity: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, type: SocketType, options: PeerEvents & { readonly identity?: Uint8Array }) {
    this.#socket = socket;
    this.#events = options;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => options.onClose?.(this));
    socket.write(greeting());
    socket.write(
      packReady({ "Socket-Type": Buffer.from(type), Identity: options.identity ?? Buffer.alloc(0) }),
    );
  }

  /** Whether messages arrive: before, they would be lost in the handshake. */
  get isReady(): boolean {
    return this.#ready;
  }

  /** Sends a message; what the network does not take yet waits in memory. */
  send(frames: readonly Uint8Array[]): void {
    if (this.#socket.destroyed) return;
    this.#socket.cork();
    for (const chunk of packMessage(frames)) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  /** Sends what waits, then closes. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve();
      this.#socket.once("close", () => resolve());
      this.#socket.end(() => this.#socket.destroy());
    });
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.read(chunk)) {
        if (frame.isCommand) this.#shakeHands(frame.body);
        else this.#collect(frame.body, frame.hasMore);
      }
    } catch (error) {
      this.#socket.destroy();
      if (error instanceof RangeError) this.#events.onRefused?.(error);
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    }
  }

  #shakeHands(body: Buffer): void {
    if (this.#ready) return;
    this.identity = readReady(body).get("identity") ?? this.identity;
    this.#ready = true;
    this.#events.onReady?.(this);
  }

  #collect(body: Buffer, hasMore: boolean): void {
    this.#frames.push(body);
    if (hasMore) return;
    const frames = this.#frames;
    this.#frames = [];
    this.#events.onMessage(frames, this);
  }
}
