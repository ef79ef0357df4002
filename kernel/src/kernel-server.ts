/**
 * Answers the front end: everything of the protocol that does not need the thread that runs cells.
 *
 * It lives in the IO worker, so that control, completion and heartbeat are answered while a cell spins. Cells wait in
 * a queue; comm messages do not, they go to the main thread at once, which takes them whenever the running cell awaits.
 */
import { ExecuteQueue } from "./execute-queue.js";
import { History, type HistoryEntry } from "./history.js";
import { climbInterruptLadder } from "./interrupt-ladder.js";
import { kernelInfo } from "./kernel-info.js";
import type { LanguageClient } from "./language-client.js";
import type { Header, Json, Message } from "./messages.js";
import { giveRoom, type SharedCounters, sayFarewell } from "./shared-counters.js";
import type { KernelSockets } from "./sockets.js";
import { StreamBatcher } from "./stream-batcher.js";
import type { ToIo, ToMain } from "./thread-messages.js";

type Requests = "shell" | "control";

/** What the server stands on. */
export interface KernelServerOptions {
  readonly sockets: KernelSockets;
  readonly toMain: (message: ToMain) => void;
  readonly language: LanguageClient;
  /** Shared with the main thread. */
  readonly counters: SharedCounters;
  /** Ends the process. */
  readonly exit: () => void;
}

/** One kernel's protocol state. */
export class KernelServer {
  readonly #options: KernelServerOptions;
  readonly #streams: StreamBatcher;
  readonly #queue = new ExecuteQueue((request) => this.#execute(request));
  readonly #history = new History();
  readonly #comms = new Map<string, string>();
  readonly #commRequests = new Map<string, Message>();
  readonly #noticeWaiters = new Set<() => void>();
  #entry: HistoryEntry | undefined;
  #count = 0;
  #lastParent: Header | undefined;

  constructor(options: KernelServerOptions) {
    this.#options = options;
    this.#streams = new StreamBatcher((content, parent) =>
      options.sockets.publish("stream", content, parent ? { parent } : {}),
    );
  }

  /** Takes a message of the front end. */
  receive(channel: Requests | "stdin", message: Message): void {
    if (channel === "stdin") {
      this.#receiveInput(message);
      return;
    }
    const type = message.header.msg_type;
    if (type === "execute_request") {
      this.#queue.add(message);
      return;
    }
    this.#status("busy", message.header);
    if (type === "comm_open" || type === "comm_msg" || type === "comm_close") {
      this.#receiveComm(type, message);
      return;
    }
    void this.#answer(channel, message).finally(() => {
      this.#status("idle", message.header);
      if (type === "shutdown_request") this.#options.exit();
    });
  }

  /** Takes a message of the main thread. */
  receiveFromMain(message: ToIo): void {
    switch (message.type) {
      case "stream":
        this.#lastParent = message.parent ?? this.#lastParent;
        this.#streams.add(message.name, message.text, this.#lastParent);
        giveRoom(this.#options.counters, message.text.length);
        return;
      case "publish":
        this.#publish(message);
        return;
      case "executed":
        this.#executed(message.id, message.content);
        return;
      case "commHandled":
        this.#commHandled(message.id);
        return;
      case "inputRequest":
        this.#requestInput(message.prompt, message.password);
        return;
      case "interrupted":
        this.#notice();
        return;
      case "exiting":
        this.#failRunning("KernelExit", `${message.reason}: the kernel ends, its variables are lost`);
        void this.#options.sockets.close().then(() => sayFarewell(this.#options.counters));
        return;
    }
  }

  /** Says that the kernel is there. */
  starting(): void {
    this.#options.sockets.publish("status", { execution_state: "starting" });
  }

  async #answer(channel: Requests, message: Message): Promise<void> {
    const type = message.header.msg_type;
    const content = await this.#contentOf(type, message.content);
    if (!content) return;
    this.#options.sockets.reply(channel, type.replace(/_request$/, "_reply"), { to: message, content });
  }

  async #contentOf(type: string, request: Json): Promise<Json | undefined> {
    switch (type) {
      case "kernel_info_request":
        return kernelInfo();
      case "comm_info_request":
        return this.#commInfo(request.target_name);
      case "history_request":
        return this.#history.answer(request);
      case "complete_request":
        return this.#options.language.ask("complete", request);
      case "inspect_request":
        return this.#options.language.ask("inspect", request);
      case "is_complete_request":
        return this.#options.language.ask("is_complete", request);
      case "interrupt_request":
        await this.#interrupt();
        return { status: "ok" };
      case "shutdown_request":
        return { status: "ok", restart: request.restart === true };
      default:
        return undefined;
    }
  }

  #commInfo(target: unknown): Json {
    const live = [...this.#comms].filter(([, name]) => typeof target !== "string" || name === target);
    return { status: "ok", comms: Object.fromEntries(live.map(([id, name]) => [id, { target_name: name }])) };
  }

  #execute(request: Message): void {
    const { code, silent, store_history, user_expressions, allow_stdin } = request.content;
    const quiet = silent === true;
    const text = String(code ?? "");
    this.#status("busy", request.header);
    this.#entry = undefined;
    if (!quiet && store_history !== false) {
      this.#count++;
      this.#entry = this.#history.add(this.#count, text);
    }
    if (!quiet)
      this.#publishFor(request.header, "execute_input", { code: text, execution_count: this.#count });
    this.#options.toMain({
      type: "execute",
      id: request.header.msg_id,
      parent: request.header,
      code: text,
      count: this.#count,
      silent: quiet,
      userExpressions: (user_expressions ?? {}) as Record<string, string>,
      allowStdin: allow_stdin === true,
    });
  }

  #executed(id: string, content: Json): void {
    const request = this.#queue.running;
    if (request?.header.msg_id !== id) return;
    this.#notice();
    this.#reply(request, { ...content, execution_count: this.#count });
    if (request.content.allow_stdin === true) this.#options.language.warmUp();
    if (content.status === "ok") this.#options.language.executed(this.#count, String(request.content.code));
    else if (request.content.stop_on_error !== false) this.#abortWaiting();
    this.#queue.finish();
  }

  #abortWaiting(): void {
    for (const request of this.#queue.clear()) {
      this.#status("busy", request.header);
      this.#reply(request, { status: "aborted", execution_count: this.#count });
    }
  }

  #reply(request: Message, content: Json): void {
    this.#streams.flush();
    this.#options.sockets.reply("shell", "execute_reply", { to: request, content });
    this.#status("idle", request.header);
  }

  async #interrupt(): Promise<void> {
    const request = this.#queue.running;
    if (!request) return;
    const id = request.header.msg_id;
    const stopped = await climbInterruptLadder({
      ask: () => this.#options.toMain({ type: "interrupt", id }),
      noticed: (milliseconds) => this.#noticed(milliseconds),
      counters: this.#options.counters,
    });
    if (stopped || this.#queue.running !== request) return;
    this.#options.toMain({ type: "abandon", id });
    this.#failRunning("InterruptError", "The cell does not stop; restart the kernel if it goes on");
  }

  /** Ends the running cell with an error that the main thread cannot report. */
  #failRunning(ename: string, evalue: string): void {
    const request = this.#queue.running;
    if (!request) return;
    const error = { ename, evalue, traceback: [`${ename}: ${evalue}`] };
    this.#publishFor(request.header, "error", error);
    this.#executed(request.header.msg_id, { status: "error", ...error });
  }

  #noticed(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#noticeWaiters.delete(waiter);
        resolve(false);
      }, milliseconds);
      this.#noticeWaiters.add(waiter);
    });
  }

  #notice(): void {
    for (const waiter of this.#noticeWaiters) waiter();
    this.#noticeWaiters.clear();
  }

  #receiveComm(kind: "comm_open" | "comm_msg" | "comm_close", message: Message): void {
    const { content, metadata, buffers, header } = message;
    const id = String(content.comm_id);
    if (kind === "comm_open") this.#comms.set(id, String(content.target_name));
    if (kind === "comm_close") this.#comms.delete(id);
    this.#commRequests.set(header.msg_id, message);
    this.#options.toMain({
      type: "comm",
      id: header.msg_id,
      parent: header,
      kind,
      content,
      metadata,
      buffers,
    });
  }

  /** The front end sends its next change only after this idle; a running cell stays busy for those who look. */
  #commHandled(id: string): void {
    const request = this.#commRequests.get(id);
    if (!request) return;
    this.#commRequests.delete(id);
    this.#streams.flush();
    this.#status("idle", request.header);
    if (this.#queue.running) this.#status("busy", this.#queue.running.header);
  }

  #publish(message: Extract<ToIo, { type: "publish" }>): void {
    const { msgType, content, metadata, buffers, parent } = message;
    const id = String(content.comm_id);
    if (msgType === "comm_open") this.#comms.set(id, String(content.target_name));
    if (msgType === "comm_close") this.#comms.delete(id);
    if (msgType === "execute_result" && this.#entry) {
      this.#entry.output = String((content.data as Json)["text/plain"] ?? "");
    }
    this.#streams.flush();
    this.#options.sockets.publish(msgType, content, {
      ...(parent && { parent }),
      ...(metadata && { metadata }),
      ...(buffers && { buffers }),
    });
  }

  #publishFor(parent: Header, msgType: string, content: Json): void {
    this.#streams.flush();
    this.#options.sockets.publish(msgType, content, { parent });
  }

  #status(state: "busy" | "idle", parent: Header): void {
    this.#publishFor(parent, "status", { execution_state: state });
  }

  #requestInput(prompt: string, password: boolean): void {
    const request = this.#queue.running;
    if (!request) return;
    this.#streams.flush();
    this.#options.sockets.reply("stdin", "input_request", { to: request, content: { prompt, password } });
  }

  #receiveInput({ header, content }: Message): void {
    if (header.msg_type === "input_reply")
      this.#options.toMain({ type: "input", value: String(content.value ?? "") });
  }
}
