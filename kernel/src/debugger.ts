/**
 * The debugger: the Debug Adapter Protocol, as JupyterLab speaks it over the control channel (section "Debug request"
 * of the messaging protocol), on V8's inspector.
 *
 * It lives in the IO worker, so it answers while the main thread is paused. V8 stops before each script; then that
 * script's breakpoints are set and it goes on.
 */
import type { Debugger as V8 } from "node:inspector";
import { Breakpoints, type SourceBreakpoint } from "./breakpoints.js";
import { type DebugSources, hashSeed, pathPrefix, pathSuffix } from "./debug-sources.js";
import { DebugValues, textOf } from "./debug-values.js";
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
  readonly #values = new DebugValues(this.#inspector);
  /** URLs of the user's scripts, by their ids; V8 leaves them out of frames. */
  readonly #urls = new Map<string, string>();
  readonly #modules = new Map<string, V8.ScriptParsedEventDataType>();
  #attached = false;
  #listening = false;
  #frames: readonly V8.CallFrame[] | undefined;
  #pauseAsked = false;
  #sequence = 0;

  constructor(options: DebuggerOptions) {
    this.#options = options;
    this.#breakpoints = new Breakpoints(this.#inspector, options.sources);
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
    evaluate: (given) => this.#evaluateForUser(given),
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
    source: async ({ source }) => this.#source(String((source as Json | undefined)?.path)),
    modules: async () => ({
      modules: [...this.#modules.keys()].map((path, id) => ({ id, name: path, path })),
    }),
    inspectVariables: async () => ({ variables: await this.#cellVariables() }),
    richInspectVariables: (given) => this.#richInspect(given),
    copyToGlobals: (given) => this.#copyToGlobals(given),
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
      const isCell = this.#options.sources.isCell(script.url);
      if (!isCell && !isOwnFile(script.url)) return;
      this.#urls.set(script.scriptId, script.url);
      this.#breakpoints.addScript(script);
      if (!isCell) this.#modules.set(this.#options.sources.pathOf(script.url), script);
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
    this.#frames = callFrames.filter(({ location }) => this.#urls.has(location.scriptId));
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
      const url = this.#urls.get(location.scriptId) ?? "";
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

  /** Evaluates in a frame, or outside all functions. */
  async #evaluate(expression: string, frameId: unknown) {
    const options = { expression, silent: true, generatePreview: false };
    const frame = this.#frames?.[Number(frameId ?? Number.NaN)];
    const { result, exceptionDetails } = await (frame
      ? this.#inspector.send("Debugger.evaluateOnCallFrame", { ...options, callFrameId: frame.callFrameId })
      : this.#inspector.send("Runtime.evaluate", options));
    if (exceptionDetails) throw new Error(textOf(result).split("\n", 1)[0]);
    return result;
  }

  async #evaluateForUser({ expression, frameId }: Json): Promise<Json> {
    const value = await this.#evaluate(String(expression), frameId);
    const { type, variablesReference } = this.#values.variable("", value);
    return { result: textOf(value), type, variablesReference };
  }

  async #source(path: string): Promise<Json> {
    const content = this.#options.sources.text(path);
    if (content !== undefined) return { content, mimeType: "text/typescript" };
    const script = this.#modules.get(path);
    if (!script)
      throw new RangeError(`Cannot show the source "${path}": no cell or module of that path has run`);
    const { scriptSource } = await this.#inspector.send("Debugger.getScriptSource", {
      scriptId: script.scriptId,
    });
    return { content: scriptSource, mimeType: "text/javascript" };
  }

  /** The names that cells declared. */
  async #cellVariables() {
    const { names } = await this.#inspector.send("Runtime.globalLexicalScopeNames");
    const values = (names as string[]).map(async (name) =>
      this.#values.variable(name, await this.#evaluate(name, undefined)),
    );
    return Promise.all(values);
  }

  async #richInspect({ variableName, frameId }: Json): Promise<Json> {
    const value = await this.#evaluate(String(variableName), frameId);
    const plain = { "text/plain": textOf(value) };
    if (value.objectId === undefined) return { data: plain, metadata: {} };
    const { result } = await this.#inspector.send("Runtime.callFunctionOn", {
      objectId: value.objectId,
      functionDeclaration: "function () { return this[Symbol.for('Jupyter.display')]?.() }",
      returnByValue: true,
      silent: true,
    });
    const own = result.type === "object" && result.value !== null ? result.value : {};
    return { data: { ...plain, ...own }, metadata: {} };
  }

  /** An assignment outside all functions reaches the binding of a cell, or makes a global one. */
  async #copyToGlobals({ srcVariableName, dstVariableName, srcFrameId }: Json): Promise<Json> {
    const value = await this.#evaluate(String(srcVariableName), srcFrameId);
    const assign = await this.#evaluate(`(value) => { ${dstVariableName} = value }`, undefined);
    const { objectId, unserializableValue } = value;
    const argument = objectId ? { objectId } : unserializableValue ? { unserializableValue } : value;
    await this.#inspector.send("Runtime.callFunctionOn", {
      objectId: assign.objectId,
      functionDeclaration: "function (value) { this(value) }",
      arguments: [argument],
    });
    return {};
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

/** Whether a script is a file of the user's, or of a package. */
function isOwnFile(url: string): boolean {
  return url.startsWith("file://") && !/\/kernel\/dist\//.test(url);
}
