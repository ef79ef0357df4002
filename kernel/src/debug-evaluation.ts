import type { Debugger as V8 } from "node:inspector";
import { type DebugValues, textOf, type Variable } from "./debug-values.js";
import type { InspectorClient } from "./inspector-client.js";
import type { Json } from "./messages.js";

/** What looking at values takes. */
export interface DebugEvaluationOptions {
  readonly inspector: InspectorClient;
  readonly values: DebugValues;
  /** The paused frame of a number. */
  readonly frame: (id: unknown) => V8.CallFrame | undefined;
}

/** Evaluates in a paused frame, or outside all functions. */
export class DebugEvaluation {
  readonly #options: DebugEvaluationOptions;

  constructor(options: DebugEvaluationOptions) {
    this.#options = options;
  }

  /** Body of the response to `evaluate`. */
  async evaluate({ expression, frameId }: Json): Promise<Json> {
    const value = await this.#valueOf(String(expression), frameId);
    const { type, variablesReference } = this.#options.values.variable("", value);
    return { result: textOf(value), type, variablesReference };
  }

  /** The names that cells declared, and what they hold. */
  async cellVariables(): Promise<Variable[]> {
    const { names } = await this.#options.inspector.send("Runtime.globalLexicalScopeNames");
    const values = (names as string[]).map(async (name) =>
      this.#options.values.variable(name, await this.#valueOf(name, undefined)),
    );
    return Promise.all(values);
  }

  /** Body of the response to `richInspectVariables`: as text, and as the value shows itself. */
  async richInspect({ variableName, frameId }: Json): Promise<Json> {
    const value = await this.#valueOf(String(variableName), frameId);
    const plain = { "text/plain": textOf(value) };
    if (value.objectId === undefined) return { data: plain, metadata: {} };
    const { result } = await this.#options.inspector.send("Runtime.callFunctionOn", {
      objectId: value.objectId,
      functionDeclaration: "function () { return this[Symbol.for('Jupyter.display')]?.() }",
      returnByValue: true,
      silent: true,
    });
    const own = result.type === "object" && result.value !== null ? result.value : {};
    return { data: { ...plain, ...own }, metadata: {} };
  }

  /** An assignment outside all functions reaches the binding of a cell, or makes a global one. */
  async copyToGlobals({ srcVariableName, dstVariableName, srcFrameId }: Json): Promise<Json> {
    const value = await this.#valueOf(String(srcVariableName), srcFrameId);
    const assign = await this.#valueOf(`(value) => { ${dstVariableName} = value }`, undefined);
    const { objectId, unserializableValue } = value;
    const argument = objectId ? { objectId } : unserializableValue ? { unserializableValue } : value;
    await this.#options.inspector.send("Runtime.callFunctionOn", {
      objectId: assign.objectId,
      functionDeclaration: "function (value) { this(value) }",
      arguments: [argument],
    });
    return {};
  }

  async #valueOf(expression: string, frameId: unknown) {
    const { inspector, frame } = this.#options;
    const options = { expression, silent: true, generatePreview: false };
    const paused = frame(frameId);
    const { result, exceptionDetails } = await (paused
      ? inspector.send("Debugger.evaluateOnCallFrame", { ...options, callFrameId: paused.callFrameId })
      : inspector.send("Runtime.evaluate", options));
    if (exceptionDetails) throw new Error(textOf(result).split("\n", 1)[0]);
    return result;
  }
}
