import type { Debugger } from "node:inspector";
import type { DebugSources, V8Position } from "./debug-sources.js";
import type { InspectorClient } from "./inspector-client.js";

/** A breakpoint as the front end asks for it. */
export interface SourceBreakpoint {
  /** From 1. */
  readonly line: number;
  readonly condition?: string;
}

type Script = Debugger.ScriptParsedEventDataType;

/**
 * Puts breakpoints into the scripts of cells.
 *
 * A cell runs as several scripts (each hoisted function is one, the rest another), all of the same name. Each breakpoint
 * goes into the script that has its line: a function's if it lies in one, else the body's, at the next place where V8
 * can stop.
 */
export class Breakpoints {
  readonly #inspector: InspectorClient;
  readonly #sources: DebugSources;
  readonly #wanted = new Map<string, readonly SourceBreakpoint[]>();
  readonly #scripts = new Map<string, Script[]>();
  readonly #set = new Map<string, string[]>();
  /** Lines, by URL, whose breakpoints went into a function. */
  readonly #inFunctions = new Map<string, Set<number>>();

  constructor(inspector: InspectorClient, sources: DebugSources) {
    this.#inspector = inspector;
    this.#sources = sources;
  }

  /** What is asked for, by path. */
  get all(): ReadonlyMap<string, readonly SourceBreakpoint[]> {
    return this.#wanted;
  }

  /** Remembers a script of a cell or a module. */
  addScript(script: Script): void {
    const path = this.#sources.pathOf(script.url);
    const scripts = this.#scripts.get(path) ?? [];
    scripts.push(script);
    this.#scripts.set(path, scripts);
  }

  /** Replaces the breakpoints of a path, also in what has run already. */
  async replace(path: string, wanted: readonly SourceBreakpoint[]): Promise<void> {
    this.#wanted.set(path, wanted);
    for (const breakpointId of this.#set.get(path) ?? []) {
      await this.#inspector.send("Debugger.removeBreakpoint", { breakpointId });
    }
    this.#set.set(path, []);
    const scripts = this.#scripts.get(path) ?? [];
    for (const { url } of scripts) this.#inFunctions.delete(url);
    for (const script of scripts) await this.#bind(path, script);
  }

  /** Sets the breakpoints of a script, before it runs. */
  async enter(scriptId: string): Promise<void> {
    for (const [path, scripts] of this.#scripts) {
      const script = scripts.find((one) => one.scriptId === scriptId);
      if (script) await this.#bind(path, script);
    }
  }

  async #bind(path: string, script: Script): Promise<void> {
    const wanted = this.#wanted.get(path) ?? [];
    if (wanted.length === 0) return;
    const places = await this.#places(script);
    const inFunctions = this.#boundLines(script.url);
    const isBody = this.#isBody(path, script);
    const [from = 1, to = 0] = [places[0]?.line, places.at(-1)?.line];
    for (const { line, condition } of wanted) {
      if (isBody ? inFunctions.has(line) : line < from || line > to) continue;
      const place = places.find((one) => one.line >= line);
      if (place) await this.#setOne(path, place.location, condition);
      if (place && !isBody) inFunctions.add(line);
    }
  }

  /** A cell's functions come first, each in a script of its own. */
  #isBody(path: string, script: Script): boolean {
    const own = (this.#scripts.get(path) ?? []).filter(({ url }) => url === script.url);
    return own.indexOf(script) >= this.#sources.functionCount(script.url);
  }

  #boundLines(url: string): Set<number> {
    const lines = this.#inFunctions.get(url) ?? new Set();
    this.#inFunctions.set(url, lines);
    return lines;
  }

  async #setOne(path: string, location: object, condition: string | undefined): Promise<void> {
    try {
      const parameters = { location, ...(condition && { condition }) };
      const { breakpointId } = await this.#inspector.send("Debugger.setBreakpoint", parameters);
      this.#set.set(path, [...(this.#set.get(path) ?? []), breakpointId]);
    } catch {
      // V8 has one there already: two lines asked for the same place.
    }
  }

  /** Where V8 can stop in a script, by the lines as typed. */
  async #places(script: Script): Promise<{ location: V8Position; line: number }[]> {
    const { scriptId, startLine, startColumn, endLine, endColumn, url } = script;
    const start = { scriptId, lineNumber: startLine, columnNumber: Math.max(0, startColumn) };
    const end = { scriptId, lineNumber: endLine, columnNumber: Math.max(0, endColumn) };
    const { locations } = await this.#inspector.send("Debugger.getPossibleBreakpoints", { start, end });
    return (locations as V8Position[])
      .map((location) => ({ location, line: this.#sources.original(url, location).line }))
      .sort((one, other) => one.line - other.line);
  }
}
