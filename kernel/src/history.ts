import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "./messages.js";

/** Sessions whose files are kept. */
const maxSessions = 100;
/** Characters of an output that are kept on disk. */
const maxOutput = 10_000;

/** One executed cell. */
export interface HistoryEntry {
  readonly line: number;
  readonly input: string;
  output: string | undefined;
}

interface SessionEntry extends HistoryEntry {
  readonly session: number;
}

/**
 * Executed cells of this kernel and of those before it, as `history_request` asks for them (section "History").
 *
 * Each session has a file of its own with one JSON object per line, so kernels that run at the same time cannot get in
 * each other's way; the oldest files go. Sessions are numbered in the order of their starts.
 */
export class History {
  readonly #entries: HistoryEntry[] = [];
  readonly #folder: string | undefined;
  readonly #file = `${new Date().toISOString().replaceAll(/\D/g, "")}-${process.pid}.jsonl`;
  #earlier: readonly (readonly HistoryEntry[])[] | undefined;
  #stored = false;
  #broken = false;

  /** @param folder Where sessions are kept; without it, this session alone is known. */
  constructor(folder?: string) {
    this.#folder = folder;
  }

  /** Adds a cell; its output may be set until `store()`. */
  add(line: number, input: string): HistoryEntry {
    const entry: HistoryEntry = { line, input, output: undefined };
    this.#entries.push(entry);
    return entry;
  }

  /** Writes a finished cell to disk; a disk that refuses costs the history of later kernels, not the cell. */
  store({ line, input, output }: HistoryEntry): void {
    if (!this.#folder || this.#broken) return;
    try {
      if (!this.#stored) this.#makeRoom(this.#folder);
      this.#stored = true;
      const text = `${JSON.stringify({ line, input, output: output?.slice(0, maxOutput) })}\n`;
      appendFileSync(join(this.#folder, this.#file), text, { mode: 0o600 });
    } catch {
      this.#broken = true;
    }
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

  #makeRoom(folder: string): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#earlier ??= readSessions(folder);
    const files = sessionFiles(folder);
    for (const file of files.slice(0, Math.max(0, files.length - maxSessions + 1))) {
      rmSync(join(folder, file), { force: true });
    }
  }

  #sessions(): readonly (readonly HistoryEntry[])[] {
    this.#earlier ??= this.#folder ? readSessions(this.#folder) : [];
    return [...this.#earlier, this.#entries];
  }

  #select(request: Json): SessionEntry[] {
    const n = typeof request.n === "number" ? request.n : Number.POSITIVE_INFINITY;
    const sessions = this.#sessions();
    const all = sessions.flatMap((entries, i) => entries.map((entry) => ({ ...entry, session: i + 1 })));
    switch (request.hist_access_type) {
      case "range":
        return range(all, request, sessions.length);
      case "search":
        return tail(search(all, request), n);
      default:
        return tail(all, n);
    }
  }
}

function sessionFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .sort();
}

/** What earlier kernels left, oldest first; a line that a crash cut off is left out. */
function readSessions(folder: string): HistoryEntry[][] {
  try {
    return sessionFiles(folder).map((file) =>
      readFileSync(join(folder, file), "utf8").split("\n").flatMap(parseEntry),
    );
  } catch {
    return [];
  }
}

function parseEntry(line: string): HistoryEntry[] {
  try {
    return [JSON.parse(line) as HistoryEntry];
  } catch {
    return [];
  }
}

/** A session that is not positive counts from the current one backwards. */
function range(
  entries: readonly SessionEntry[],
  { session, start, stop }: Json,
  current: number,
): SessionEntry[] {
  const asked = typeof session === "number" && session > 0 ? session : current + Number(session ?? 0);
  const from = typeof start === "number" ? start : 0;
  const to = typeof stop === "number" ? stop : Number.POSITIVE_INFINITY;
  return entries.filter((entry) => entry.session === asked && entry.line >= from && entry.line < to);
}

function search(entries: readonly SessionEntry[], { pattern, unique }: Json): readonly SessionEntry[] {
  const glob = globPattern(typeof pattern === "string" ? pattern : "*");
  const found = entries.filter((entry) => glob.test(entry.input));
  if (unique !== true) return found;
  const last = new Map(found.map((entry) => [entry.input, entry]));
  return found.filter((entry) => last.get(entry.input) === entry);
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
