import type { Json, Message } from "./messages.js";
import type { ToMain } from "./thread-messages.js";

type CommType = "comm_open" | "comm_msg" | "comm_close";

/** Whether a message is for a comm. */
export function isCommType(type: string): type is CommType {
  return type === "comm_open" || type === "comm_msg" || type === "comm_close";
}

/** Comm messages on their way to the main thread, and which comms are open. */
export class CommTraffic {
  readonly #toMain: (message: ToMain) => void;
  readonly #open = new Map<string, string>();
  readonly #requests = new Map<string, Message>();

  constructor(toMain: (message: ToMain) => void) {
    this.#toMain = toMain;
  }

  /** Hands a message of the front end to the main thread, which takes it whenever the running cell awaits. */
  receive(kind: CommType, message: Message): void {
    const { content, metadata, buffers, header } = message;
    this.follow(kind, content);
    this.#requests.set(header.msg_id, message);
    this.#toMain({ type: "comm", id: header.msg_id, parent: header, kind, content, metadata, buffers });
  }

  /** The message that the main thread has handled. */
  handled(id: string): Message | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }

  /** Takes notice of comms that open and close, whoever does it. */
  follow(msgType: string, content: Json): void {
    const id = String(content.comm_id);
    if (msgType === "comm_open") this.#open.set(id, String(content.target_name));
    if (msgType === "comm_close") this.#open.delete(id);
  }

  /** Content of `comm_info_reply`, for one target or for all. */
  info(target: unknown): Json {
    const live = [...this.#open].filter(([, name]) => typeof target !== "string" || name === target);
    return { status: "ok", comms: Object.fromEntries(live.map(([id, name]) => [id, { target_name: name }])) };
  }
}
