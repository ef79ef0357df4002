/** Comms: two-way channels between cells and the front end (section "Custom messages"). */
import { randomUUID } from "node:crypto";
import { type CellContext, currentContext, runInContext } from "./cell-context.js";
import type { Header, Json } from "./messages.js";
import { type Publisher, toJson } from "./publisher.js";

/** Where the library finds the comms without importing the kernel. */
export const commsSymbol = Symbol.for("Jupyter.comms");

/** What a comm carries besides its data. */
export interface CommOptions {
  readonly buffers?: readonly Uint8Array[];
  readonly metadata?: Json;
}

/** A message of the front end. */
export interface CommMessage {
  readonly data: unknown;
  readonly buffers: readonly Uint8Array[];
  readonly metadata: Json;
}

/** One open comm. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  /** Sends data (JSON) and buffers to the front end. */
  send(data: unknown, options?: CommOptions & { readonly parent?: Header }): void;
  /** Calls back for every message; what the callback prints lands in the cell that set it. */
  onMessage(callback: (message: CommMessage, parent: Header) => void): void;
  /** Calls back when the comm is closed, by either side. */
  onClose(callback: () => void): void;
  /** Closes the comm on both sides. */
  close(data?: unknown): void;
}

/** Called when the front end opens a comm of a registered target. */
export type CommTarget = (comm: Comm, message: CommMessage, parent: Header) => void;

interface LiveComm extends Comm {
  readonly receive: (message: CommMessage, parent: Header) => void;
  readonly closed: () => void;
}

/** All comms of the kernel. */
export class CommRegistry {
  readonly #publisher: Publisher;
  readonly #comms = new Map<string, LiveComm>();
  readonly #targets = new Map<string, CommTarget>();

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  /** Opens a comm to a target of the front end. */
  open(target: string, options: CommOptions & { readonly data?: unknown; readonly id?: string } = {}): Comm {
    const { data = {}, id = randomUUID().replaceAll("-", ""), ...rest } = options;
    this.#publisher.publish("comm_open", toJson({ comm_id: id, target_name: target, data }), rest);
    return this.#create(id, target);
  }

  /** Takes comms that the front end opens; the last handler of a name counts. */
  registerTarget(name: string, handler: CommTarget): void {
    this.#targets.set(name, handler);
  }

  /** Takes a comm message of the front end; errors of callbacks are thrown. */
  receive(
    kind: "comm_open" | "comm_msg" | "comm_close",
    content: Json,
    from: CommOptions & { parent: Header },
  ): void {
    const id = String(content.comm_id);
    const message = { data: content.data ?? {}, buffers: from.buffers ?? [], metadata: from.metadata ?? {} };
    if (kind === "comm_open") {
      this.#opened(id, String(content.target_name), { message, parent: from.parent });
      return;
    }
    const comm = this.#comms.get(id);
    if (kind === "comm_msg") {
      comm?.receive(message, from.parent);
      return;
    }
    this.#comms.delete(id);
    comm?.closed();
  }

  #opened(id: string, target: string, { message, parent }: { message: CommMessage; parent: Header }): void {
    const handler = this.#targets.get(target);
    if (!handler) {
      this.#publisher.publish("comm_close", { comm_id: id, data: {} }, { parent });
      return;
    }
    handler(this.#create(id, target), message, parent);
  }

  #create(id: string, target: string): LiveComm {
    const messageCallbacks: { context: CellContext; call: (message: CommMessage, parent: Header) => void }[] =
      [];
    const closeCallbacks: { context: CellContext; call: () => void }[] = [];
    const comm: LiveComm = {
      id,
      target,
      send: (data, options = {}) =>
        this.#publisher.publish("comm_msg", toJson({ comm_id: id, data }), options),
      onMessage: (call) => void messageCallbacks.push({ context: currentContext(), call }),
      onClose: (call) => void closeCallbacks.push({ context: currentContext(), call }),
      close: (data = {}) => {
        if (!this.#comms.delete(id)) return;
        this.#publisher.publish("comm_close", toJson({ comm_id: id, data }));
        comm.closed();
      },
      receive: (message, parent) => {
        for (const { context, call } of messageCallbacks) runInContext(context, () => call(message, parent));
      },
      closed: () => {
        for (const { context, call } of closeCallbacks) runInContext(context, call);
      },
    };
    this.#comms.set(id, comm);
    return comm;
  }
}
