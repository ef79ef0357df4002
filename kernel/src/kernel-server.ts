/**
 * Answers the front end: everything of the protocol that does not need the thread that runs cells.
 *
 * It lives in the IO worker, so that control, completion and heartbeat are answered while a cell spins. Cells wait in
 * a queue; comm messages do not, they go to the main thread at once, which takes them whenever the running cell awaits.
 */
import { plainReport } from "./cell-error.js";
import { CellRuns } from "./cell-runs.js";
import { CommTraffic, isCommType } from "./comm-traffic.js";
import { Completer } from "./completer.js";
import type { CrashNote } from "./crash-note.js";
import { DebugSources } from "./debug-sources.js";
import { Debugger } from "./debugger.js";
import { FrontEnd } from "./front-end.js";
import { History } from "./history.js";
import { Interrupter } from "./interrupter.js";
import { kernelInfo } from "./kernel-info.js";
import type { KernelSettings } from "./kernel-settings.js";
import type { LanguageClient } from "./language-client.js";
import type { Json, Message } from "./messages.js";
import { giveRoom, type SharedCounters, sayFarewell, takeSignal } from "./shared-counters.js";
import { endChildren } from "./signal-children.js";
import type { KernelSockets, RequestChannel } from "./sockets.js";
import type { ToIo, ToMain } from "./thread-messages.js";

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
  readonly #frontEnd: FrontEnd;
  readonly #history: History;
  readonly #debugger: Debugger;
  readonly #cells: CellRuns;
  readonly #interrupter: Interrupter;
  readonly #comms: CommTraffic;
  readonly #completer: Completer;
  #settings: KernelSettings;

  constructor(options: KernelServerOptions) {
    const { sockets, toMain, language, crashNote, counters } = options;
    this.#options = options;
    this.#settings = options.settings;
    this.#frontEnd = new FrontEnd(sockets);
    this.#history = new History(options.historyFolder);
    this.#comms = new CommTraffic(toMain);
    this.#completer = new Completer(language, toMain);
    const debugSources = new DebugSources();
    const onEvent = (event: Json) => this.#frontEnd.publish("debug_event", event);
    this.#debugger = new Debugger({ sources: debugSources, onEvent });
    this.#cells = new CellRuns({
      frontEnd: this.#frontEnd,
      toMain,
      language,
      settings: () => this.#settings,
      crashNote,
      history: this.#history,
      debugSources,
      onEnd: () => this.#interrupter.notice(),
    });
    this.#interrupter = new Interrupter({ cells: this.#cells, debugger: this.#debugger, toMain, counters });
  }

  /** Takes a message of the front end. */
  receive(channel: RequestChannel, message: Message): void {
    const type = message.header.msg_type;
    if (channel === "stdin") {
      const value = String(message.content.value ?? "");
      if (type === "input_reply") this.#options.toMain({ type: "input", value });
      return;
    }
    if (type === "execute_request") {
      this.#cells.add(message);
      return;
    }
    this.#frontEnd.status("busy", message.header);
    if (isCommType(type)) {
      this.#comms.receive(type, message);
      return;
    }
    void this.#answer(channel, message).finally(() => {
      this.#frontEnd.status("idle", message.header);
      if (type === "shutdown_request") void this.#shutDown();
    });
  }

  /** Takes a message of the main thread. */
  receiveFromMain(message: ToIo): void {
    switch (message.type) {
      case "stream":
        this.#frontEnd.print(message, this.#settings.outputLimit);
        giveRoom(this.#options.counters, message.text.length);
        return;
      case "publish":
        this.#publish(message);
        return;
      case "executed":
        this.#cells.executed(message.id, message.content);
        return;
      case "commHandled":
        this.#commHandled(message.id);
        return;
      case "inputRequest":
        this.#cells.askUser(message.prompt, message.password);
        return;
      case "interrupted":
        this.#interrupter.notice();
        return;
      case "members":
        this.#completer.receiveMembers(message.id, message.names);
        return;
      case "settings":
        this.#settings = { ...this.#settings, ...message.settings };
        return;
      case "child":
        this.#interrupter.addChild(message.pid, message.parent?.msg_id);
        return;
      case "exiting":
        void this.#leave(message.reason);
    }
  }

  /** Says that the kernel is there. */
  starting(): void {
    this.#frontEnd.publish("status", { execution_state: "starting" });
  }

  /** Takes a SIGINT that stopped no script. */
  receiveSignal(): void {
    if (!takeSignal(this.#options.counters)) void this.#interrupter.interrupt();
  }

  /** Stops the running cell before it ends the process for lack of memory. */
  stopForMemory(usedBytes: number): void {
    const request = this.#cells.running;
    if (!request) return;
    const used = `${Math.round(usedBytes / 2 ** 20)} MB`;
    const text = `The cell is stopped: ${used} of memory are in use, and with a little more Node would end the kernel.\n`;
    this.#frontEnd.warn(text, request.header);
    void this.#interrupter.interrupt();
  }

  /** The process ends by the cell's own doing: the cell says why, then the main thread may go. */
  async #leave(reason: string): Promise<void> {
    this.#options.crashNote.erase();
    this.#cells.fail(plainReport("KernelExit", `${reason}: the kernel ends, its variables are lost`));
    await this.#debugger.detach();
    await this.#options.sockets.close();
    sayFarewell(this.#options.counters);
  }

  /** What cells have started goes with the kernel. */
  async #shutDown(): Promise<void> {
    this.#options.crashNote.erase();
    await this.#debugger.detach();
    endChildren();
    this.#options.exit();
  }

  async #answer(channel: RequestChannel, message: Message): Promise<void> {
    const type = message.header.msg_type;
    const content = await this.#contentOf(type, message.content);
    if (!content) return;
    this.#frontEnd.send(channel, type.replace(/_request$/, "_reply"), { to: message, content });
  }

  async #contentOf(type: string, request: Json): Promise<Json | undefined> {
    switch (type) {
      case "kernel_info_request":
        if (this.#settings.typeCheck !== "off") this.#options.language.warmUp();
        return kernelInfo();
      case "comm_info_request":
        return this.#comms.info(request.target_name);
      case "history_request":
        return this.#history.answer(request);
      case "complete_request":
        return this.#completer.complete(request);
      case "inspect_request":
        return this.#options.language.ask("inspect", request);
      case "is_complete_request":
        return this.#options.language.ask("is_complete", request);
      case "interrupt_request":
        await this.#interrupter.interrupt();
        return { status: "ok" };
      case "debug_request":
        return this.#debugger.answer(request);
      case "shutdown_request":
        return { status: "ok", restart: request.restart === true };
      default:
        return undefined;
    }
  }

  #publish(message: Extract<ToIo, { type: "publish" }>): void {
    const { msgType, content } = message;
    this.#comms.follow(msgType, content);
    if (msgType === "execute_result") this.#cells.keepResult(content.data as Json);
    this.#frontEnd.show(message, this.#settings.outputLimit);
  }

  /** The front end sends its next change only after this idle; a running cell stays busy for those who look. */
  #commHandled(id: string): void {
    const request = this.#comms.handled(id);
    if (!request) return;
    this.#frontEnd.status("idle", request.header);
    this.#cells.stayBusy();
  }
}
