/** The five sockets of a kernel. */
import { writeSync } from "node:fs";
import type { Channel, ConnectionInfo, Header, Json, Message } from "./messages.js";
import type { WireCodec } from "./wire.js";
import { type Address, EchoSocket, PublisherSocket, RouterSocket } from "./zmtp-sockets.js";

/** The channels that bring messages. */
export type RequestChannel = "shell" | "control" | "stdin";

/** What the kernel does with an incoming message. */
export type Receive = (channel: RequestChannel, message: Message) => void;

/** Options of a published message. */
export interface IopubOptions {
  readonly parent?: Header;
  readonly metadata?: Json;
  readonly buffers?: readonly Uint8Array[];
}

/** Sockets of one connection file; incoming messages go to `receive`, in order per channel. */
export class KernelSockets {
  readonly #codec: WireCodec;
  readonly #routers: Readonly<Record<RequestChannel, RouterSocket>>;
  readonly #iopub: PublisherSocket;
  readonly #heartbeat = new EchoSocket();

  constructor(codec: WireCodec, receive: Receive) {
    this.#codec = codec;
    const router = (channel: RequestChannel) =>
      new RouterSocket((frames) => {
        const message = this.#decode(frames);
        if (message) receive(channel, message);
      });
    this.#routers = { shell: router("shell"), control: router("control"), stdin: router("stdin") };
    this.#iopub = new PublisherSocket((topic, reply) => reply(this.#welcome(topic)));
  }

  /** Binds all five. */
  async open(connection: ConnectionInfo): Promise<void> {
    await Promise.all([
      ...(["shell", "control", "stdin"] as const).map((channel) =>
        this.#routers[channel].bind(addressOf(connection, channel)),
      ),
      this.#iopub.bind(addressOf(connection, "iopub")),
      this.#heartbeat.bind(addressOf(connection, "hb")),
    ]);
  }

  /** Publishes on iopub. */
  publish(msgType: string, content: Json, { parent, metadata = {}, buffers = [] }: IopubOptions = {}): void {
    const header = this.#codec.header(msgType);
    const identities = [Buffer.from(`kernel.${msgType}`)];
    this.#iopub.send(this.#codec.encode({ identities, header, parent, metadata, content, buffers }));
  }

  /** Answers a request on the channel that it came from. */
  reply(channel: RequestChannel, msgType: string, { to, content }: { to: Message; content: Json }): void {
    const { identities, header: parent } = to;
    const header = this.#codec.header(msgType);
    this.#routers[channel].send(
      this.#codec.encode({ identities, header, parent, metadata: {}, content, buffers: [] }),
    );
  }

  /** Hands over what waits, then closes. */
  async close(): Promise<void> {
    const sockets = [...Object.values(this.#routers), this.#iopub, this.#heartbeat];
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  /** Greets a subscriber, so that a client knows when it can count on output (JEP 65). */
  #welcome(subscription: string): Buffer[] {
    const header = this.#codec.header("iopub_welcome");
    const identities = [Buffer.from(subscription)];
    const content = { subscription };
    return this.#codec.encode({ identities, header, parent: undefined, metadata: {}, content, buffers: [] });
  }

  /** A message that is not for us, or not Jupyter's, must not end the kernel. */
  #decode(frames: Buffer[]): Message | undefined {
    try {
      return this.#codec.decode(frames);
    } catch (error) {
      writeSync(2, `${(error as Error).message}\n`);
      return undefined;
    }
  }
}

function addressOf(connection: ConnectionInfo, channel: Channel): Address {
  const port = connection[`${channel}_port`];
  if (connection.transport === "ipc") return { path: `${connection.ip}-${port}` };
  return { host: connection.ip === "*" ? "0.0.0.0" : connection.ip, port };
}
