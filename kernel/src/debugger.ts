/**
 * The debugger: the Debug Adapter Protocol, as JupyterLab speaks it over the control channel (section "Debug request"
 * of the messaging protocol), on V8's inspector.
 *
 * It lives in the IO worker, so it answers while the main thread is paused. V8 stops before each script; then that
 * script's breakpoints are set and it goes on.
 */
import type { Debugger as V8 } from "node:inspector";
import { Breakpoints, type SourceBreakpoint } from "./breakpoints.js";
import { DebugEvaluation } from "./debug-evaluation.js";
import { DebugScripts } from "./debug-scripts.js";
import { type DebugSources, hashSeed, pathPrefix, pathSuffix } from "./debug-sources.js";
import { DebugValues } from "./debug-values.js";
import { InspectorClient } from "./inspector-client.js";
import type { Json } from "./messages.js";

const threadId = 1;
/** Neither stepping nor pausing ends in Node's code or in the kernel's. */
const hidden = ["^node:", "/kernel/dist/", "^names of "];
const scopeNames: Readonly<Record<string, string>> = { script: "Cells", global: "Global" };

/** What the debugger needs of the kernel. */
export interface DebuggerOptions {
  readonly sources: DebugSources;
  /** Publishes an event of the protocol, e.g. `stopped`. */
  readonly onEvent: (event: Json) => void;
}

/** Answers the front end's debugger. */
export class Debugger {
  readonly #options: DebuggerOptions;
  readonly #inspector = new InspectorClient();
  readonly #breakpoints: Breakpoints;
  readonly #scripts: DebugScripts;
  readonly #values = new DebugValues(this.#inspector);
  readonly #evaluation = new DebugEvaluation({
    inspector: this.#inspector,
    values: this.#values,
    frame: (id) => this.#frames?.[Number(id ?? Number.NaN)],
  });
  #attached = false;
  #listening = false;
  #frames: readonly V8.CallFrame[] | undefined;
  #pauseAsked = false;
  #sequence = 0;

  constructor(options: DebuggerOptions) {
    this.#options = options;
    this.#breakpoints = new Breakpoints(this.#inspector, options.sources);
    this.#scripts = new DebugScripts(this.#inspector, options.sources);
  }

  /** Answers a request of the protocol; what fails is said in the response. */
  async answer(request: Json): Promise<Json> {
    const { command, seq } = request;
    const response = { type: "response", seq: this.#sequence++, request_seq: seq, command };
    try {
      const run = this.#commands[String(command)];
      if (!run) throw new RangeError(`Cannot debug with "${command}": the kernel has no such command`);
      const body = await run((request.arguments ?? {}) as Json);
      return { ...response, success: true, body: body ?? {} };
    } catch (error) {
      return { ...response, success: false, message: (error as Error).message, body: {} };
    }
  }

  /** Lets the main thread go on and leaves it alone. */
  async detach(): Promise<void> {
    if (!this.#attached) return;
    this.#attached = false;
    if (this.#frames) await this.#inspector.send("Debugger.resume").catch(() => {});
    await this.#inspector.send("Debugger.disable");
    this.#inspector.disconnect();
    this.#frames = undefined;
  }

  /** Lets a paused main thread go on. */
  async resume(): Promise<void> {
    if (this.#frames) await this.#inspector.send("Debugger.resume");
  }

  readonly #commands: Readonly<Record<string, (given: Json) => Promise<Json | undefined>>> = {
    debugInfo: async () => this.#info(),
    initialize: async () => capabilities,
    attach: () => this.#attach(),
    dumpCell: async ({ code }) => ({ sourcePath: this.#options.sources.dump(String(code)) }),
    setBreakpoints: (given) => this.#setBreakpoints(given),
    setExceptionBreakpoints: (given) => this.#setExceptionBreakpoints(given),
    configurationDone: async () => ({}),
    threads: async () => ({ threads: [{ id: threadId, name: "main" }] }),
    stackTrace: async () => this.#stackTrace(),
    scopes: async ({ frameId }) => this.#scopes(this.#frame(frameId)),
    variables: async ({ variablesReference }) => ({
      variables: await this.#values.variables(Number(variablesReference)),
    }),
    evaluate: (given) => this.#evaluation.evaluate(given),
    continue: async () => {
      await this.#inspector.send("Debugger.resume");
      return { allThreadsContinued: true };
    },
    next: () => this.#inspector.send("Debugger.stepOver"),
    stepIn: () => this.#inspector.send("Debugger.stepInto"),
    stepOut: () => this.#inspector.send("Debugger.stepOut"),
    pause: () => {
      this.#pauseAsked = true;
      return this.#inspector.send("Debugger.pause");
    },
    source: ({ source }) => this.#scripts.source(String((source as Json | undefined)?.path)),
    modules: async () => ({
      modules: this.#scripts.modules().map((path, id) => ({ id, name: path, path })),
    }),
    inspectVariables: async () => ({ variables: await this.#evaluation.cellVariables() }),
    richInspectVariables: (given) => this.#evaluation.richInspect(given),
    copyToGlobals: (given) => this.#evaluation.copyToGlobals(given),
    disconnect: async () => {
      await this.detach();
      return {};
    },
    terminate: async () => {
      await this.detach();
      return {};
    },
  };

  #info(): Json {
    const breakpoints = [...this.#breakpoints.all].map(([path, wanted]) => ({
      source: path,
      breakpoints: wanted.map(({ line }) => ({ line, verified: true, source: { path } })),
    }));
    return {
      isStarted: this.#attached,
      hashMethod: "Murmur2",
      hashSeed,
      tmpFilePrefix: pathPrefix,
      tmpFileSuffix: pathSuffix,
      breakpoints,
      stoppedThreads: this.#frames ? [threadId] : [],
      richRendering: true,
      exceptionPaths: ["raised", "uncaught"],
      copyToGlobals: true,
    };
  }

  async #attach(): Promise<Json> {
    if (this.#attached) return {};
    if (!this.#listening) this.#listen();
    this.#inspector.connect();
    this.#attached = true;
    await this.#inspector.send("Debugger.enable");
    await this.#inspector.send("Debugger.setBlackboxPatterns", { patterns: hidden });
    const instrumentation = "beforeScriptExecution";
    await this.#inspector.send("Debugger.setInstrumentationBreakpoint", { instrumentation });
    this.#event("initialized", {});
    this.#event("thread", { reason: "started", threadId });
    return {};
  }

  #listen(): void {
    this.#listening = true;
    this.#inspector.onScript((script) => {
      if (this.#scripts.add(script)) this.#breakpoints.addScript(script);
    });
    this.#inspector.onPaused((event) => void this.#paused(event));
    this.#inspector.onResumed(() => {
      if (!this.#frames) return;
      this.#frames = undefined;
      this.#values.clear();
      this.#event("continued", { threadId, allThreadsContinued: true });
    });
  }

  async #paused({ reason, data, callFrames, hitBreakpoints }: V8.PausedEventDataType): Promise<void> {
    if ((reason as string) === "instrumentation") {
      await this.#breakpoints.enter(String((data as Json).scriptId)).catch(() => {});
      await this.#inspector.send("Debugger.resume");
      return;
    }
    this.#frames = callFrames.filter(({ location }) => this.#scripts.url(location.scriptId));
    const why = /exception|promiseRejection/.test(reason)
      ? "exception"
      : this.#pauseAsked
        ? "pause"
        : (hitBreakpoints ?? []).length > 0
          ? "breakpoint"
          : "step";
    this.#pauseAsked = false;
    this.#event("stopped", { reason: why, threadId, allThreadsStopped: true, preserveFocusHint: false });
  }

  async #setBreakpoints({ source, breakpoints }: Json): Promise<Json> {
    const path = String((source as Json | undefined)?.path);
    const wanted = (breakpoints ?? []) as readonly SourceBreakpoint[];
    await this.#breakpoints.replace(path, wanted);
    return {
      breakpoints: wanted.map(({ line }, id) => ({ id, line, verified: true, source: { path } })),
    };
  }

  async #setExceptionBreakpoints({ filters = [] }: Json): Promise<Json> {
    const asked = filters as readonly string[];
    const state = asked.includes("raised") ? "all" : asked.includes("uncaught") ? "uncaught" : "none";
    await this.#inspector.send("Debugger.setPauseOnExceptions", { state });
    return {};
  }

  #stackTrace(): Json {
    const stackFrames = (this.#frames ?? []).map(({ functionName, location }, id) => {
      const url = this.#scripts.url(location.scriptId) ?? "";
      const { line, column } = this.#options.sources.original(url, location);
      const source = { name: url, path: this.#options.sources.pathOf(url) };
      return { id, name: functionName || "<cell>", line, column, source };
    });
    return { stackFrames, totalFrames: stackFrames.length };
  }

  #frame(id: unknown): V8.CallFrame {
    const frame = this.#frames?.[Number(id ?? 0)];
    if (!frame) throw new RangeError(`Cannot look at frame "${id}": nothing is paused there`);
    return frame;
  }

  #scopes({ scopeChain }: V8.CallFrame): Json {
    const scopes = scopeChain.map(({ type, object }) => ({
      name: scopeNames[type] ?? `${type.charAt(0).toUpperCase()}${type.slice(1)}`,
      variablesReference: this.#values.reference(object.objectId),
      expensive: type === "global",
    }));
    return { scopes };
  }

  #event(event: string, body: Json): void {
    this.#options.onEvent({ type: "event", seq: this.#sequence++, event, body });
  }
}

const capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsEvaluateForHovers: true,
  supportsModulesRequest: true,
  supportsTerminateRequest: true,
  exceptionBreakpointFilters: [
    { filter: "raised", label: "Raised exceptions", default: false },
    { filter: "uncaught", label: "Uncaught exceptions", default: false },
  ],
};
