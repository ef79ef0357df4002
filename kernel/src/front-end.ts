import type { Header, Json, Message } from "./messages.js";
import { limitedBundle, PrintLimit } from "./output-limit.js";
import type { IopubOptions, KernelSockets, RequestChannel } from "./sockets.js";
import { StreamBatcher } from "./stream-batcher.js";
import type { ToIo } from "./thread-messages.js";

const showing = new Set(["display_data", "update_display_data", "execute_result"]);

/** The front end as the kernel speaks to it: printed text is joined for a moment, and goes out before anything else. */
export class FrontEnd {
  readonly #sockets: KernelSockets;
  readonly #streams: StreamBatcher;
  readonly #printed = new PrintLimit();
  #lastParent: Header | undefined;

  constructor(sockets: KernelSockets) {
    this.#sockets = sockets;
    this.#streams = new StreamBatcher((content, parent) =>
      sockets.publish("stream", content, parent ? { parent } : {}),
    );
  }

  /** Takes what a cell printed; what says not by which cell belongs to the one before. */
  print({ name, text, parent }: Extract<ToIo, { type: "stream" }>, limit: number): void {
    this.#lastParent = parent ?? this.#lastParent;
    const shown = this.#printed.take(this.#lastParent?.msg_id, text, limit);
    if (shown) this.#streams.add(name, shown, this.#lastParent);
  }

  /** Says how much of what a cell printed is not shown. */
  closePrinting(cell: Header, limit: number): void {
    const closing = this.#printed.closing(cell.msg_id, limit);
    if (closing) this.#streams.add("stdout", closing, cell);
  }

  /** Publishes what a cell shows, without what is too long. */
  show(
    { msgType, content, metadata, buffers, parent }: Extract<ToIo, { type: "publish" }>,
    limit: number,
  ): void {
    const data = () => limitedBundle((content.data ?? {}) as Json, limit);
    this.publish(msgType, showing.has(msgType) ? { ...content, data: data() } : content, {
      ...(parent && { parent }),
      ...(metadata && { metadata }),
      ...(buffers && { buffers }),
    });
  }

  /** Publishes a message of the kernel's own. */
  publish(msgType: string, content: Json, options: IopubOptions = {}): void {
    this.#streams.flush();
    this.#sockets.publish(msgType, content, options);
  }

  status(state: "busy" | "idle", parent: Header): void {
    this.publish("status", { execution_state: state }, { parent });
  }

  /** Prints a line of the kernel's own into a cell. */
  warn(text: string, parent: Header): void {
    this.publish("stream", { name: "stderr", text }, { parent });
  }

  /** Answers a request, or asks who sent it. */
  send(channel: RequestChannel, msgType: string, answer: { to: Message; content: Json }): void {
    this.#streams.flush();
    this.#sockets.reply(channel, msgType, answer);
  }
}
