import { randomUUID } from "node:crypto";
import type { LanguageClient } from "./language-client.js";
import { memberAccess, memberMatches } from "./live-members.js";
import type { Json } from "./messages.js";
import type { ToMain } from "./thread-messages.js";

/** Milliseconds that the thread of the cells gets to say what a variable holds; a spinning cell does not answer. */
const patience = 100;

/** Completes by types, and where these say nothing by what a variable holds now. */
export class Completer {
  readonly #language: LanguageClient;
  readonly #toMain: (message: ToMain) => void;
  readonly #waiters = new Map<string, (names: readonly string[]) => void>();

  constructor(language: LanguageClient, toMain: (message: ToMain) => void) {
    this.#language = language;
    this.#toMain = toMain;
  }

  /** Content of `complete_reply`. */
  async complete(request: Json): Promise<Json> {
    const typed = await this.#language.ask("complete", request);
    const access = memberAccess(request);
    if (!access || (typed.matches as unknown[] | undefined)?.length !== 0) return typed;
    const names = await this.#members(access.path);
    return names.length > 0 ? memberMatches(request, access, names) : typed;
  }

  /** Takes the main thread's answer. */
  receiveMembers(id: string, names: readonly string[]): void {
    this.#waiters.get(id)?.(names);
  }

  async #members(path: readonly string[]): Promise<readonly string[]> {
    const id = randomUUID();
    const names = await new Promise<readonly string[]>((resolve) => {
      this.#waiters.set(id, resolve);
      setTimeout(resolve, patience, []);
      this.#toMain({ type: "members", id, path });
    });
    this.#waiters.delete(id);
    return names;
  }
}
