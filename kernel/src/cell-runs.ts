import type { CrashNote } from "./crash-note.js";
import type { DebugSources } from "./debug-sources.js";
import { ExecuteQueue } from "./execute-queue.js";
import type { ErrorReport } from "./executor.js";
import type { FrontEnd } from "./front-end.js";
import type { History, HistoryEntry } from "./history.js";
import type { KernelSettings } from "./kernel-settings.js";
import type { LanguageClient } from "./language-client.js";
import type { Header, Json, Message } from "./messages.js";
import type { ToMain } from "./thread-messages.js";
import { typeError, typeWarning } from "./type-check.js";

/** Milliseconds after its result that a cell stays busy for the sake of its type check. */
const checkPatience = 50;

/** What running cells takes. */
export interface CellRunsOptions {
  readonly frontEnd: FrontEnd;
  readonly toMain: (message: ToMain) => void;
  readonly language: LanguageClient;
  readonly settings: () => KernelSettings;
  readonly crashNote: CrashNote;
  readonly history: History;
  readonly debugSources: DebugSources;
  /** Called as soon as a cell has ended. */
  readonly onEnd: () => void;
}

/** Cells from `execute_request` to `execute_reply`: one runs, the others wait; their types are checked beside it. */
export class CellRuns {
  readonly #options: CellRunsOptions;
  readonly #queue = new ExecuteQueue((request) => this.#start(request));
  #check: Promise<void> | undefined;
  #checking = false;
  #entry: HistoryEntry | undefined;
  #count = 0;
  #lastWords: string | undefined;

  constructor(options: CellRunsOptions) {
    this.#options = options;
    this.#lastWords = options.crashNote.lastWords();
    options.crashNote.running(undefined);
  }

  /** The request that runs now. */
  get running(): Message | undefined {
    return this.#queue.running;
  }

  /** Whether the running cell waits for its types to be checked, so that no code of it runs yet. */
  get isChecking(): boolean {
    return this.#checking;
  }

  /** Takes an `execute_request`. */
  add(request: Message): void {
    this.#queue.add(request);
  }

  /** Keeps the running cell's result for the history. */
  keepResult(data: Json): void {
    if (this.#entry) this.#entry.output = String(data["text/plain"] ?? "");
  }

  /** Asks the user on behalf of the running cell. */
  askUser(prompt: string, password: boolean): void {
    if (!this.running) return;
    this.#options.frontEnd.send("stdin", "input_request", {
      to: this.running,
      content: { prompt, password },
    });
  }

  /** A front end takes any idle for the end of the cell; says that one still runs. */
  stayBusy(): void {
    if (this.running) this.#options.frontEnd.status("busy", this.running.header);
  }

  /** Ends the running cell with an error that the main thread cannot report. */
  fail(error: ErrorReport, how?: { ran: boolean }): void {
    if (!this.running) return;
    const { header } = this.running;
    this.#options.frontEnd.publish("error", error, { parent: header });
    this.executed(header.msg_id, { status: "error", ...error }, how);
  }

  /** Ends a cell that the main thread has run. */
  executed(id: string, content: Json, { ran = true } = {}): void {
    const request = this.running;
    if (request?.header.msg_id !== id) return;
    const { frontEnd, language, crashNote, history, settings, onEnd } = this.#options;
    onEnd();
    crashNote.running(undefined);
    if (this.#entry) history.store(this.#entry);
    frontEnd.closePrinting(request.header, settings().outputLimit);
    this.#reply(request, content);
    this.#idleAfter(language.isWarm ? this.#check : undefined, request.header);
    this.#check = undefined;
    if (request.content.allow_stdin === true) language.warmUp();
    if (ran && request.content.silent !== true) language.executed(String(request.content.code));
    if (content.status !== "ok" && request.content.stop_on_error !== false) this.#abortWaiting();
    this.#queue.finish();
  }

  #start(request: Message): void {
    const { frontEnd, settings } = this.#options;
    const { header, content } = request;
    const code = String(content.code ?? "");
    frontEnd.status("busy", header);
    this.#entry = undefined;
    if (content.silent === true) this.#options.crashNote.running(undefined);
    else this.#announce(header, { code, stored: content.store_history !== false });
    const mode = content.silent === true ? "off" : settings().typeCheck;
    if (mode === "error") void this.#runIfSound(request, code);
    else {
      this.#check = mode === "warn" ? this.#warnOfTypes(header, code) : undefined;
      this.#run(request, code);
    }
  }

  /** Says which cell runs, to all who want to know. */
  #announce(parent: Header, { code, stored }: { code: string; stored: boolean }): void {
    const { frontEnd, history, debugSources, crashNote } = this.#options;
    if (stored) {
      this.#count++;
      this.#entry = history.add(this.#count, code);
    }
    frontEnd.publish("execute_input", { code, execution_count: this.#count }, { parent });
    debugSources.run(this.#name, code);
    crashNote.running(this.#count);
    if (this.#lastWords) frontEnd.warn(`${this.#lastWords}\n`, parent);
    this.#lastWords = undefined;
  }

  #run({ header, metadata, content }: Message, code: string): void {
    this.#options.toMain({
      type: "execute",
      id: header.msg_id,
      parent: header,
      code,
      metadata,
      count: this.#count,
      silent: content.silent === true,
      userExpressions: (content.user_expressions ?? {}) as Record<string, string>,
      allowStdin: content.allow_stdin === true,
    });
  }

  /** File name of the running cell in stack traces. */
  get #name(): string {
    return `cell-${this.#count}.ts`;
  }

  /** Prints what is wrong with a cell's types, as part of that cell whenever it comes. */
  async #warnOfTypes(parent: Header, code: string): Promise<void> {
    const cell = { name: this.#name, code };
    const found = await this.#options.language.check(code);
    if (found.length > 0) this.#options.frontEnd.warn(typeWarning(found, cell), parent);
  }

  async #runIfSound(request: Message, code: string): Promise<void> {
    this.#checking = true;
    const found = await this.#options.language.check(code);
    this.#checking = false;
    if (this.running !== request) return;
    if (found.length === 0) this.#run(request, code);
    else this.fail(typeError(found, { name: this.#name, code }), { ran: false });
  }

  /** The next cell does not wait for a check, but who waits for this one's outputs does, for a moment. */
  #idleAfter(check: Promise<void> | undefined, header: Header): void {
    if (!check) {
      this.#options.frontEnd.status("idle", header);
      return;
    }
    let timer: NodeJS.Timeout;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, checkPatience);
    });
    void Promise.race([check, late]).then(() => {
      clearTimeout(timer);
      this.#options.frontEnd.status("idle", header);
      this.stayBusy();
    });
  }

  #abortWaiting(): void {
    for (const request of this.#queue.clear()) {
      this.#options.frontEnd.status("busy", request.header);
      this.#reply(request, { status: "aborted" });
      this.#options.frontEnd.status("idle", request.header);
    }
  }

  #reply(to: Message, content: Json): void {
    const counted = { ...content, execution_count: this.#count };
    this.#options.frontEnd.send("shell", "execute_reply", { to, content: counted });
  }
}
