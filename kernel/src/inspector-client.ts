import { type Debugger, Session } from "node:inspector";

/** Answers of V8's inspector, by the fields that are used. */
// biome-ignore lint/suspicious/noExplicitAny: the shapes are those of Chrome's DevTools protocol, one per method
type Answer = any;

/** Talks to the inspector of the main thread, from another thread; works while the main thread spins or is paused. */
export class InspectorClient {
  readonly #session = new Session();
  #alive: NodeJS.Timeout | undefined;

  connect(): void {
    this.#session.connectToMainThread();
    // Answers of the inspector do not keep a worker alive by themselves.
    this.#alive = setInterval(() => {}, 60_000);
  }

  disconnect(): void {
    clearInterval(this.#alive);
    this.#session.disconnect();
  }

  /** Sends a command of the DevTools protocol, e.g. `Debugger.resume`. */
  send(method: string, parameters: object = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, parameters, (error, answer) => {
        if (error) reject(new Error(`Cannot ${method}: ${error.message}`));
        else resolve(answer);
      });
    });
  }

  onPaused(callback: (event: Debugger.PausedEventDataType) => void): void {
    this.#session.on("Debugger.paused", ({ params }) => callback(params));
  }

  onResumed(callback: () => void): void {
    this.#session.on("Debugger.resumed", callback);
  }

  onScript(callback: (script: Debugger.ScriptParsedEventDataType) => void): void {
    this.#session.on("Debugger.scriptParsed", ({ params }) => callback(params));
  }
}
