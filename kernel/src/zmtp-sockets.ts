/** The three kinds of ZeroMQ sockets that a kernel binds. */
import { writeSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { type PeerEvents, type SocketType, ZmtpPeer } from "./zmtp-peer.js";

/** Milliseconds that closing waits for the network. */
const linger = 500;

/** Where to listen: a host and port, or the path of a Unix socket. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** Accepts the peers of one socket. */
class Listener {
  readonly #server: Server;
  readonly peers = new Set<ZmtpPeer>();

  constructor(type: SocketType, events: PeerEvents) {
    this.#server = createServer((socket) => {
      new ZmtpPeer(socket, type, {
        onReady: (peer) => {
          this.peers.add(peer);
          events.onReady?.(peer);
        },
        onMessage: events.onMessage,
        onRefused: ({ message }) => void writeSync(2, `${message}\n`),
        onClose: (peer) => {
          this.peers.delete(peer);
          events.onClose?.(peer);
        },
      });
    });
  }

  bind(address: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(address, resolve);
    });
  }

  async close(): Promise<void> {
    this.#server.close();
    const closed = Promise.all([...this.peers].map((peer) => peer.close()));
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, linger))]);
  }
}

/** ROUTER: knows its peers by name; a peer that comes back under its name takes over. */
export class RouterSocket {
  readonly #listener: Listener;
  readonly #byName = new Map<string, ZmtpPeer>();
  #unnamed = 0;

  /** @param onMessage Gets the sender's name as first frame, as `send()` wants it back. */
  constructor(onMessage: (frames: Buffer[]) => void) {
    this.#listener = new Listener("ROUTER", {
      onReady: (peer) => {
        if (peer.identity.length === 0) peer.identity = this.#newName();
        this.#byName.set(peer.identity.toString("latin1"), peer);
      },
      onMessage: (frames, peer) => onMessage([peer.identity, ...frames]),
      onClose: (peer) => {
        const name = peer.identity.toString("latin1");
        if (this.#byName.get(name) === peer) this.#byName.delete(name);
      },
    });
  }

  bind(address: Address): Promise<void> {
    return this.#listener.bind(address);
  }

  /** Sends to the peer that the first frame names; nothing happens when it has left. */
  send([name, ...frames]: readonly Uint8Array[]): void {
    if (name) this.#byName.get(Buffer.from(name).toString("latin1"))?.send(frames);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #newName(): Buffer {
    const name = Buffer.alloc(5);
    name.writeUInt32BE(++this.#unnamed, 1);
    return name;
  }
}

/** XPUB: sends each message to the peers that subscribed to a prefix of its first frame; loses none. */
export class PublisherSocket {
  readonly #listener: Listener;
  readonly #topics = new Map<ZmtpPeer, string[]>();

  /** @param onSubscribe Called for each subscription; `reply` goes to that subscriber alone. */
  constructor(onSubscribe: (topic: string, reply: (frames: readonly Uint8Array[]) => void) => void) {
    this.#listener = new Listener("XPUB", {
      onReady: (peer) => this.#topics.set(peer, []),
      onMessage: ([frame], peer) => {
        const topics = this.#topics.get(peer);
        if (!frame || !topics) return;
        const topic = frame.subarray(1).toString("latin1");
        if (frame[0] === 1) {
          topics.push(topic);
          onSubscribe(topic, (frames) => peer.send(frames));
        } else if (frame[0] === 0 && topics.includes(topic)) topics.splice(topics.indexOf(topic), 1);
      },
      onClose: (peer) => this.#topics.delete(peer),
    });
  }

  bind(address: Address): Promise<void> {
    return this.#listener.bind(address);
  }

  send(frames: readonly Uint8Array[]): void {
    const name = Buffer.from(frames[0] ?? []).toString("latin1");
    for (const [peer, topics] of this.#topics) {
      if (topics.some((topic) => name.startsWith(topic))) peer.send(frames);
    }
  }

  close(): Promise<void> {
    return this.#listener.close();
  }
}

/** REP that answers each request with itself: Jupyter's heartbeat. */
export class EchoSocket {
  readonly #listener = new Listener("REP", { onMessage: (frames, peer) => peer.send(frames) });

  bind(address: Address): Promise<void> {
    return this.#listener.bind(address);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }
}
