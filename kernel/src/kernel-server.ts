/**
 * Answers the front end: everything of the protocol that does not need the thread that runs cells.
 *
 * It lives in the IO worker, so that control, completion and heartbeat are answered while a cell spins. Cells wait in
 * a queue; comm messages do not, they go to the main thread at once, which takes them whenever the running cell awaits.
 */
import { randomUUID } from "node:crypto";
import type { CrashNote } from "./crash-note.js";
import { DebugSources } from "./debug-sources.js";
import { Debugger } from "./debugger.js";
import { ExecuteQueue } from "./execute-queue.js";
import type { ErrorReport } from "./executor.js";
import { History, type HistoryEntry } from "./history.js";
import { climbInterruptLadder } from "./interrupt-ladder.js";
import { kernelInfo } from "./kernel-info.js";
import type { KernelSettings } from "./kernel-settings.js";
import type { LanguageClient } from "./language-client.js";
import { memberAccess, memberMatches } from "./live-members.js";
import type { Header, Json, Message } from "./messages.js";
import { limitedBundle, PrintLimit } from "./output-limit.js";
import { giveRoom, type SharedCounters, sayFarewell, takeSignal } from "./shared-counters.js";
import { signalChildren } from "./signal-children.js";
import type { KernelSockets } from "./sockets.js";
import { StreamBatcher } from "./stream-batcher.js";
import type { ToIo, ToMain } from "./thread-messages.js";
import { typeError, typeWarning } from "./type-check.js";

type Requests = "shell" | "control";

/** Milliseconds after its result that a cell stays busy for the sake of its type check. */
const checkPatience = 50;
/** Milliseconds that the thread of the cells gets to say what a variable holds; a spinning cell does not answer. */
const membersPatience = 100;

/** What the server stands on. */
export interface KernelServerOptions {
  readonly sockets: KernelSockets;
  readonly toMain: (message: ToMain) => void;
  readonly language: LanguageClient;
  readonly settings: KernelSettings;
  readonly crashNote: CrashNote;
  /** Where executed cells are kept. */
  readonly historyFolder: string;
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
  readonly #history: History;
  readonly #debugSources = new DebugSources();
  readonly #debugger: Debugger;
  /** Messages that child processes belong to, by process id. */
  readonly #children = new Map<number, string | undefined>();
  readonly #comms = new Map<string, string>();
  readonly #commRequests = new Map<string, Message>();
  readonly #noticeWaiters = new Set<() => void>();
  readonly #printed = new PrintLimit();
  readonly #memberWaiters = new Map<string, (names: readonly string[]) => void>();
  #settings: KernelSettings;
  #check: Promise<void> | undefined;
  #checking = false;
  #entry: HistoryEntry | undefined;
  #count = 0;
  #lastParent: Header | undefined;
  #lastWords: string | undefined;

  constructor(options: KernelServerOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#history = new History(options.historyFolder);
    this.#lastWords = options.crashNote.lastWords();
    options.crashNote.running(undefined);
    const onEvent = (event: Json) => options.sockets.publish("debug_event", event);
    this.#debugger = new Debugger({ sources: this.#debugSources, onEvent });
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
      if (type === "shutdown_request") void this.#shutDown();
    });
  }

  /** Takes a message of the main thread. */
  receiveFromMain(message: ToIo): void {
    switch (message.type) {
      case "stream":
        this.#lastParent = message.parent ?? this.#lastParent;
        this.#print(message.name, message.text);
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
      case "members":
        this.#memberWaiters.get(message.id)?.(message.names);
        return;
      case "settings":
        this.#settings = { ...this.#settings, ...message.settings };
        return;
      case "child":
        this.#children.set(message.pid, message.parent?.msg_id);
        return;
      case "exiting":
        void this.#leave(message.reason);
        return;
    }
  }

  /** Says that the kernel is there. */
  starting(): void {
    this.#options.sockets.publish("status", { execution_state: "starting" });
  }

  /** Takes a SIGINT that stopped no script. */
  receiveSignal(): void {
    if (!takeSignal(this.#options.counters)) void this.#interrupt();
  }

  /** Stops the running cell before it ends the process for lack of memory. */
  stopForMemory(usedBytes: number): void {
    const request = this.#queue.running;
    if (!request) return;
    const used = `${Math.round(usedBytes / 2 ** 20)} MB`;
    const text = `The cell is stopped: ${used} of memory are in use, and with a little more Node would end the kernel.\n`;
    this.#publishFor(request.header, "stream", { name: "stderr", text });
    void this.#interrupt();
  }

  /** The process ends by the cell's own doing: the cell says why, then the main thread may go. */
  async #leave(reason: string): Promise<void> {
    this.#options.crashNote.erase();
    this.#failRunning(plainError("KernelExit", `${reason}: the kernel ends, its variables are lost`));
    await this.#debugger.detach();
    await this.#options.sockets.close();
    sayFarewell(this.#options.counters);
  }

  async #shutDown(): Promise<void> {
    this.#options.crashNote.erase();
    await this.#debugger.detach();
    this.#options.exit();
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
        if (this.#settings.typeCheck !== "off") this.#options.language.warmUp();
        return kernelInfo();
      case "comm_info_request":
        return this.#commInfo(request.target_name);
      case "history_request":
        return this.#history.answer(request);
      case "complete_request":
        return this.#complete(request);
      case "inspect_request":
        return this.#options.language.ask("inspect", request);
      case "is_complete_request":
        return this.#options.language.ask("is_complete", request);
      case "interrupt_request":
        await this.#interrupt();
        return { status: "ok" };
      case "debug_request":
        return this.#debugger.answer(request);
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

  async #complete(request: Json): Promise<Json> {
    const typed = await this.#options.language.ask("complete", request);
    const access = memberAccess(request);
    if (!access || (typed.matches as unknown[] | undefined)?.length !== 0) return typed;
    const names = await this.#members(access.path);
    return names.length > 0 ? memberMatches(request, access, names) : typed;
  }

  async #members(path: readonly string[]): Promise<readonly string[]> {
    const id = randomUUID();
    const names = await new Promise<readonly string[]>((resolve) => {
      this.#memberWaiters.set(id, resolve);
      setTimeout(resolve, membersPatience, []);
      this.#options.toMain({ type: "members", id, path });
    });
    this.#memberWaiters.delete(id);
    return names;
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
    const cell = quiet ? undefined : this.#count;
    if (cell !== undefined) this.#debugSources.run(`cell-${cell}.ts`, text);
    this.#options.crashNote.running(cell);
    if (!quiet) this.#speakLastWords(request.header);
    const run = () =>
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
    const mode = quiet ? "off" : this.#settings.typeCheck;
    if (mode === "error") void this.#runIfSound(request, run);
    else {
      this.#check = mode === "warn" ? this.#warnOfTypes(request.header, text) : undefined;
      run();
    }
  }

  #speakLastWords(parent: Header): void {
    if (!this.#lastWords) return;
    this.#publishFor(parent, "stream", { name: "stderr", text: `${this.#lastWords}\n` });
    this.#lastWords = undefined;
  }

  /** Prints what is wrong with a cell's types, as part of that cell whenever it comes. */
  async #warnOfTypes(parent: Header, code: string): Promise<void> {
    const cell = { name: `cell-${this.#count}.ts`, code };
    const found = await this.#options.language.check(code);
    if (found.length > 0)
      this.#publishFor(parent, "stream", { name: "stderr", text: typeWarning(found, cell) });
  }

  async #runIfSound(request: Message, run: () => void): Promise<void> {
    const code = String(request.content.code);
    this.#checking = true;
    const found = await this.#options.language.check(code);
    this.#checking = false;
    if (this.#queue.running !== request) return;
    if (found.length === 0) run();
    else this.#failRunning(typeError(found, { name: `cell-${this.#count}.ts`, code }), { ran: false });
  }

  #executed(id: string, content: Json, { ran = true } = {}): void {
    const request = this.#queue.running;
    if (request?.header.msg_id !== id) return;
    this.#notice();
    this.#options.crashNote.running(undefined);
    if (this.#entry) this.#history.store(this.#entry);
    const closing = this.#printed.closing(id, this.#settings.outputLimit);
    if (closing) this.#streams.add("stdout", closing, request.header);
    this.#reply(request, { ...content, execution_count: this.#count });
    this.#idleAfter(this.#options.language.isWarm ? this.#check : undefined, request.header);
    this.#check = undefined;
    if (request.content.allow_stdin === true) this.#options.language.warmUp();
    if (ran && request.content.silent !== true) this.#options.language.executed(String(request.content.code));
    if (content.status !== "ok" && request.content.stop_on_error !== false) this.#abortWaiting();
    this.#queue.finish();
  }

  /** The next cell does not wait for a check, but who waits for this one's outputs does, for a moment. */
  #idleAfter(check: Promise<void> | undefined, header: Header): void {
    if (!check) {
      this.#status("idle", header);
      return;
    }
    let timer: NodeJS.Timeout;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, checkPatience);
    });
    void Promise.race([check, late]).then(() => {
      clearTimeout(timer);
      this.#status("idle", header);
      this.#stayBusy();
    });
  }

  #abortWaiting(): void {
    for (const request of this.#queue.clear()) {
      this.#status("busy", request.header);
      this.#reply(request, { status: "aborted", execution_count: this.#count });
      this.#status("idle", request.header);
    }
  }

  #reply(request: Message, content: Json): void {
    this.#streams.flush();
    this.#options.sockets.reply("shell", "execute_reply", { to: request, content });
  }

  async #interrupt(): Promise<void> {
    const request = this.#queue.running;
    if (!request) return;
    if (this.#checking) {
      this.#failRunning(plainError("InterruptError", "The cell was interrupted before it ran"));
      return;
    }
    const id = request.header.msg_id;
    await this.#debugger.resume();
    const stopped = await climbInterruptLadder({
      ask: () => this.#options.toMain({ type: "interrupt", id }),
      stopChildren: () => signalChildren((pid) => (this.#children.get(pid) ?? id) !== id),
      noticed: (milliseconds) => this.#noticed(milliseconds),
      counters: this.#options.counters,
    });
    if (stopped || this.#queue.running !== request) return;
    this.#options.toMain({ type: "abandon", id });
    const advice = "The cell does not stop; restart the kernel if it goes on";
    this.#failRunning(plainError("InterruptError", advice));
  }

  /** Ends the running cell with an error that the main thread cannot report. */
  #failRunning(error: ErrorReport, how?: { ran: boolean }): void {
    const request = this.#queue.running;
    if (!request) return;
    this.#publishFor(request.header, "error", error);
    this.#executed(request.header.msg_id, { status: "error", ...error }, how);
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
    this.#followComm(kind, content);
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

  /** Which comms are open, whoever opened them. */
  #followComm(msgType: string, content: Json): void {
    const id = String(content.comm_id);
    if (msgType === "comm_open") this.#comms.set(id, String(content.target_name));
    if (msgType === "comm_close") this.#comms.delete(id);
  }

  /** The front end sends its next change only after this idle; a running cell stays busy for those who look. */
  #commHandled(id: string): void {
    const request = this.#commRequests.get(id);
    if (!request) return;
    this.#commRequests.delete(id);
    this.#streams.flush();
    this.#status("idle", request.header);
    this.#stayBusy();
  }

  #stayBusy(): void {
    if (this.#queue.running) this.#status("busy", this.#queue.running.header);
  }

  #print(name: "stdout" | "stderr", text: string): void {
    const parent = this.#lastParent;
    const shown = this.#printed.take(parent?.msg_id, text, this.#settings.outputLimit);
    if (shown) this.#streams.add(name, shown, parent);
  }

  #publish(message: Extract<ToIo, { type: "publish" }>): void {
    const { msgType, content, metadata, buffers, parent } = message;
    this.#followComm(msgType, content);
    if (msgType === "execute_result" && this.#entry) {
      this.#entry.output = String((content.data as Json)["text/plain"] ?? "");
    }
    const data = limitedBundle((content.data ?? {}) as Json, this.#settings.outputLimit);
    const shown = /^(update_)?display_data$|^execute_result$/.test(msgType) ? { ...content, data } : content;
    this.#streams.flush();
    this.#options.sockets.publish(msgType, shown, {
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

function plainError(ename: string, evalue: string): ErrorReport {
  return { ename, evalue, traceback: [`${ename}: ${evalue}`] };
}
