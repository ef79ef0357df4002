import type { Json } from "./messages.js";

/** One executed cell. */
export interface HistoryEntry {
  readonly session: number;
  readonly line: number;
  readonly input: string;
  output: string | undefined;
}

/** Executed cells of this kernel, as `history_request` asks for them (section "History"). */
export class History {
  readonly #entries: HistoryEntry[] = [];
  readonly #session = 1;

  /** Adds a cell; its output may be set later. */
  add(line: number, input: string): HistoryEntry {
    const entry: HistoryEntry = { session: this.#session, line, input, output: undefined };
    this.#entries.push(entry);
    return entry;
  }

  /** Content of `history_reply`. */
  answer(request: Json): Json {
    const withOutput = request.output === true;
    const history = this.#select(request).map(({ session, line, input, output }) => [
      session,
      line,
      withOutput ? [input, output ?? null] : input,
    ]);
    return { status: "ok", history };
  }

  #select(request: Json): HistoryEntry[] {
    const n = typeof request.n === "number" ? request.n : Number.POSITIVE_INFINITY;
    switch (request.hist_access_type) {
      case "range":
        return this.#range(request);
      case "search":
        return tail(this.#search(request), n);
      default:
        return tail(this.#entries, n);
    }
  }

  #range({ session, start, stop }: Json): HistoryEntry[] {
    const asked = typeof session === "number" && session > 0 ? session : this.#session + Number(session ?? 0);
    const from = typeof start === "number" ? start : 0;
    const to = typeof stop === "number" ? stop : Number.POSITIVE_INFINITY;
    return this.#entries.filter((entry) => entry.session === asked && entry.line >= from && entry.line < to);
  }

  #search({ pattern, unique }: Json): HistoryEntry[] {
    const glob = globPattern(typeof pattern === "string" ? pattern : "*");
    const found = this.#entries.filter((entry) => glob.test(entry.input));
    if (unique !== true) return found;
    const last = new Map(found.map((entry) => [entry.input, entry]));
    return found.filter((entry) => last.get(entry.input) === entry);
  }
}

function tail<T>(values: readonly T[], n: number): T[] {
  return values.slice(Math.max(0, values.length - n));
}

function globPattern(glob: string): RegExp {
  const parts = [...glob].map((character) => {
    if (character === "*") return "[^]*";
    if (character === "?") return "[^]";
    return character.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}
