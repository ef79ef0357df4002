import type { Debugger as V8 } from "node:inspector";
import type { DebugSources } from "./debug-sources.js";
import type { InspectorClient } from "./inspector-client.js";
import type { Json } from "./messages.js";

/** The scripts that the user may look into: cells, own files and packages. */
export class DebugScripts {
  readonly #inspector: InspectorClient;
  readonly #sources: DebugSources;
  /** URLs by the scripts' ids; V8 leaves them out of frames. */
  readonly #urls = new Map<string, string>();
  readonly #modules = new Map<string, V8.ScriptParsedEventDataType>();

  constructor(inspector: InspectorClient, sources: DebugSources) {
    this.#inspector = inspector;
    this.#sources = sources;
  }

  /** Takes notice of a script that was loaded; says whether it is one of these. */
  add(script: V8.ScriptParsedEventDataType): boolean {
    const isCell = this.#sources.isCell(script.url);
    if (!isCell && !isOwnFile(script.url)) return false;
    this.#urls.set(script.scriptId, script.url);
    if (!isCell) this.#modules.set(this.#sources.pathOf(script.url), script);
    return true;
  }

  /** The URL of a script, if it is one of these. */
  url(scriptId: string): string | undefined {
    return this.#urls.get(scriptId);
  }

  /** Paths of files, without cells. */
  modules(): string[] {
    return [...this.#modules.keys()];
  }

  /**
   * Text of a cell or a file.
   *
   * @throws {RangeError} When none of that path has run.
   */
  async source(path: string): Promise<Json> {
    const content = this.#sources.text(path);
    if (content !== undefined) return { content, mimeType: "text/typescript" };
    const script = this.#modules.get(path);
    if (!script)
      throw new RangeError(`Cannot show the source "${path}": no cell or module of that path has run`);
    const { scriptId } = script;
    const { scriptSource } = await this.#inspector.send("Debugger.getScriptSource", { scriptId });
    return { content: scriptSource, mimeType: "text/javascript" };
  }
}

/** Whether a script is a file of the user's, or of a package. */
function isOwnFile(url: string): boolean {
  return url.startsWith("file://") && !/\/kernel\/dist\//.test(url);
}
