/** The five sockets of a kernel, over zeromq.js. */
import { Reply, Router, XPublisher } from "zeromq";
import type { Channel, ConnectionInfo, Header, Json, Message } from "./messages.js";
import type { WireCodec } from "./wire.js";

/** What the kernel does with an incoming message. */
export type Receive = (channel: "shell" | "control" | "stdin", message: Message) => void;

interface Sendable {
  send(frames: Buffer[]): Promise<void>;
}

/** Sends one message at a time, in order: zeromq.js refuses overlapping sends. */
class SendQueue {
  readonly #socket: Sendable;
  #last: Promise<void> = Promise.resolve();

  constructor(socket: Sendable) {
    this.#socket = socket;
  }

  send(frames: Buffer[]): void {
    this.#last = this.#last.then(() => this.#socket.send(frames)).catch(ignorePeerGone);
  }

  /** Resolves when everything so far is handed to ZeroMQ. */
  drained(): Promise<void> {
    return this.#last;
  }
}

/** A peer that left cannot be sent to; nobody is there to be told. */
function ignorePeerGone(): void {}

/** Bound sockets; incoming messages go to `receive`, in order per channel. */
export class KernelSockets {
  readonly #codec: WireCodec;
  readonly #shell = new Router({ handover: true, sendHighWaterMark: 0, linger: 500 });
  readonly #control = new Router({ handover: true, sendHighWaterMark: 0, linger: 500 });
  readonly #stdin = new Router({ handover: true, sendHighWaterMark: 0, linger: 0 });
  readonly #iopub = new XPublisher({ sendHighWaterMark: 0, linger: 500, verbosity: "allSubs" });
  readonly #heartbeat = new Reply({ linger: 0 });
  readonly #queues = {
    shell: new SendQueue(this.#shell),
    control: new SendQueue(this.#control),
    stdin: new SendQueue(this.#stdin),
    iopub: new SendQueue(this.#iopub),
  };

  constructor(codec: WireCodec) {
    this.#codec = codec;
  }

  /** Binds all five and starts to receive. */
  async open(connection: ConnectionInfo, receive: Receive): Promise<void> {
    await Promise.all([
      this.#shell.bind(address(connection, "shell")),
      this.#control.bind(address(connection, "control")),
      this.#stdin.bind(address(connection, "stdin")),
      this.#iopub.bind(address(connection, "iopub")),
      this.#heartbeat.bind(address(connection, "hb")),
    ]);
    void this.#receiveFrom("shell", this.#shell, receive);
    void this.#receiveFrom("control", this.#control, receive);
    void this.#receiveFrom("stdin", this.#stdin, receive);
    void this.#welcome();
    void this.#beat();
  }

  /** Publishes on iopub. */
  publish(
    msgType: string,
    content: Json,
    options: { parent?: Header; metadata?: Json; buffers?: readonly Uint8Array[] } = {},
  ): void {
    this.#queues.iopub.send(
      this.#codec.encode({
        identities: [Buffer.from(`kernel.${msgType}`)],
        header: this.#codec.header(msgType),
        parent: options.parent,
        metadata: options.metadata ?? {},
        content,
        buffers: options.buffers ?? [],
      }),
    );
  }

  /** Answers a request on the channel that it came from. */
  reply(
    channel: Exclude<Channel, "iopub" | "hb">,
    msgType: string,
    { to, content }: { to: Message; content: Json },
  ): void {
    this.#queues[channel].send(
      this.#codec.encode({
        identities: to.identities,
        header: this.#codec.header(msgType),
        parent: to.header,
        metadata: {},
        content,
        buffers: [],
      }),
    );
  }

  /** Hands over what is queued, then closes. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#queues).map((queue) => queue.drained()));
    for (const socket of [this.#shell, this.#control, this.#stdin, this.#iopub, this.#heartbeat])
      socket.close();
  }

  async #receiveFrom(
    channel: "shell" | "control" | "stdin",
    socket: Router,
    receive: Receive,
  ): Promise<void> {
    for await (const frames of socket) {
      try {
        receive(channel, this.#codec.decode(frames as Buffer[]));
      } catch (error) {
        process.stderr.write(`${(error as Error).message}\n`);
      }
    }
  }

  /** Greets each subscriber, so that a client knows when it can count on output (JEP 65). */
  async #welcome(): Promise<void> {
    for await (const [frame] of this.#iopub) {
      if (frame?.[0] !== 1) continue;
      const subscription = frame.subarray(1).toString();
      this.#queues.iopub.send(
        this.#codec.encode({
          identities: [Buffer.from(subscription)],
          header: this.#codec.header("iopub_welcome"),
          parent: undefined,
          metadata: {},
          content: { subscription },
          buffers: [],
        }),
      );
    }
  }

  async #beat(): Promise<void> {
    for await (const frames of this.#heartbeat) await this.#heartbeat.send(frames);
  }
}

function address(connection: ConnectionInfo, channel: Channel): string {
  const port = connection[`${channel}_port`];
  if (connection.transport === "ipc") return `ipc://${connection.ip}-${port}`;
  return `${connection.transport}://${connection.ip}:${port}`;
}
