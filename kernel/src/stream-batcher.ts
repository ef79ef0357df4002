import type { Header, Json } from "./messages.js";

/** Longest time that printed text waits, in milliseconds. */
const maxDelay = 15;
/** Characters after which text is sent at once. */
const maxLength = 65_536;

/** Publishes `content` as a `stream` message of `parent`. */
export type PublishStream = (content: Json, parent: Header | undefined) => void;

/** Joins what is printed in quick succession, so that 50,000 lines do not make 50,000 messages. */
export class StreamBatcher {
  readonly #publish: PublishStream;
  #name: "stdout" | "stderr" = "stdout";
  #parent: Header | undefined;
  #parts: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(publish: PublishStream) {
    this.#publish = publish;
  }

  /** Takes text; what waits for another stream or another parent goes out first. */
  add(name: "stdout" | "stderr", text: string, parent: Header | undefined): void {
    if (name !== this.#name || parent?.msg_id !== this.#parent?.msg_id) this.flush();
    this.#name = name;
    this.#parent = parent;
    this.#parts.push(text);
    this.#length += text.length;
    if (this.#length >= maxLength) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), maxDelay);
  }

  /** Sends what waits; call it before any other message, so that the order stays. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#parts.length === 0) return;
    const text = this.#parts.join("");
    this.#parts = [];
    this.#length = 0;
    this.#publish({ name: this.#name, text }, this.#parent);
  }
}
