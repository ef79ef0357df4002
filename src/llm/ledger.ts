/**
 * The ledger: every request to a language model with its raw reply, so that no answer is paid for twice and
 * every number can be traced to the words behind it. Models of today take no temperature: the ledger is also
 * the only determinism that a run with Claude has.
 *
 * One SQLite file. A row of `call` is one call that was answered or failed for good; a request's reply is that of
 * its first answered call. What all requests of a kind begin with stands once, in `preamble`. What a parser made
 * of a reply stands in `outcome`, by the parser's name and version: a new parser reads the kept words again. Vectors and
 * log-probabilities, of which one call may bring those of many texts, stand in `numbers`, by each text's own address.
 * Bodies only: no header and no key ever gets here.
 */
import { join } from "node:path";
import { type Database, openDatabase, type RunSql, type SqlValue } from "./database.js";
import { type Prices, price, priceAt } from "./model-facts.js";
import type { AddressedRequest } from "./request-key.js";
import type { ReplyReading, TextReply, Usage } from "./text-model.js";

/** A call that came to an end: its reply, or else why it failed for good. */
export interface LedgerCall {
  readonly asked: AddressedRequest;
  readonly reply?: TextReply | undefined;
  /** In place of a reply, by their addresses; `usage` then tells what they took. */
  readonly numbers?: ReadonlyMap<string, Numbers> | undefined;
  readonly usage?: Usage | undefined;
  /** The model's own, where it was given any. */
  readonly prices?: Prices | undefined;
  /** One sentence. */
  readonly failure?: string | undefined;
  /** How long the caller waited for it, in milliseconds. */
  readonly waitedMs?: number | undefined;
}

/** Numbers about one text. */
export interface Numbers {
  readonly data: Float32Array;
  /** The words that they belong to, where these are not known beforehand. */
  readonly words?: readonly string[] | undefined;
}

/** A reply that is on disk, with the number of its call. */
export interface KeptReply {
  readonly call: number;
  readonly reply: TextReply;
}

/** What a parser made of the reply to a call. */
export interface CallReading extends ReplyReading {
  readonly call: number;
}

export interface Ledger {
  readonly path: string;
  /** The reply to the request with that address, where there is one. */
  find(key: string): KeptReply | undefined;
  /** Numbers with that address; only of a ledger that is opened for them. */
  findNumbers(key: string): Numbers | undefined;
  /**
   * Resolves when the call is on disk, with the number of its row. Calls that end together are written together.
   *
   * @throws {FileError} If it could not be written: it is kept in memory, and written with the next one.
   */
  keep(call: LedgerCall): Promise<number>;
  /** Writes soon what a parser made of a reply; it can be found out again, so nobody waits for it. */
  note(reading: CallReading): void;
}

const schema = {
  preamble: "CREATE TABLE IF NOT EXISTS preamble (key TEXT PRIMARY KEY, body TEXT NOT NULL)",
  call: `CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, at TEXT NOT NULL, model TEXT NOT NULL,
    preamble TEXT NOT NULL REFERENCES preamble, question TEXT NOT NULL, parameters TEXT NOT NULL,
    reply TEXT, stop TEXT, answered_by TEXT, input_tokens INTEGER, output_tokens INTEGER,
    cached_input_tokens INTEGER, cache_write_tokens INTEGER, dollars REAL, latency_ms REAL, failure TEXT)`,
  call_reply: "CREATE INDEX IF NOT EXISTS call_reply ON call (key) WHERE reply IS NOT NULL",
  outcome: `CREATE TABLE IF NOT EXISTS outcome (
    call INTEGER NOT NULL REFERENCES call, parser TEXT NOT NULL, status TEXT NOT NULL, reason TEXT,
    PRIMARY KEY (call, parser)) WITHOUT ROWID`,
};

/** Made when it is needed: a ledger of earlier versions, or one that cannot be written, may lack it. */
const schemaWithNumbers = {
  ...schema,
  numbers: `CREATE TABLE IF NOT EXISTS numbers (
    key TEXT PRIMARY KEY, call INTEGER NOT NULL REFERENCES call, words TEXT, data BLOB NOT NULL)`,
};

interface LedgerOptions {
  mustExist?: boolean;
  /** Whether numbers are looked up or kept. Default: false. */
  numbers?: boolean;
}

/** Where the ledger of `place` is: a path that ends in `.sqlite`, else the file `ledger.sqlite` in that folder. */
export function ledgerPath(place: string): string {
  return place.endsWith(".sqlite") ? place : join(place, "ledger.sqlite");
}

/**
 * The ledger at `place`, see `ledgerPath`. Made when it is first used, unless it must exist. Several processes may
 * use one at the same time.
 */
export function openLedger(place: string, options: LedgerOptions = {}): Ledger {
  const database = openLedgerFile(place, options);
  const group = new GroupedWrites(database);
  return {
    path: database.path,
    find(key) {
      group.retry();
      const row = database.row(findSql, key);
      return row && keptReply(row);
    },
    findNumbers(key) {
      group.retry();
      const row = database.row("SELECT data, words FROM numbers WHERE key = ?", key);
      return row && numbersOf(row);
    },
    keep: (call) => group.keep(call),
    note(reading) {
      const known = database.row(readingSql, reading.call, reading.parser);
      if (known?.[0] !== reading.status || (known[1] ?? undefined) !== reading.reason) group.note(reading);
    },
  };
}

/** Outcomes are written so often, in milliseconds, where no call is written sooner. */
const noteMs = 25;

/** The tables of the ledger at `place`, for those that read or add tables of their own. */
export function openLedgerFile(place: string, { mustExist, numbers }: LedgerOptions = {}): Database {
  return openDatabase(ledgerPath(place), { schema: numbers ? schemaWithNumbers : schema, mustExist });
}

const findSql = `SELECT id, reply, stop, answered_by, input_tokens, output_tokens, cached_input_tokens,
  cache_write_tokens FROM call WHERE key = ? AND reply IS NOT NULL ORDER BY id LIMIT 1`;

const readingSql = "SELECT status, reason FROM outcome WHERE call = ? AND parser = ?";

function keptReply(row: SqlValue[]): KeptReply {
  const [call, text, stop, model, inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens] = row;
  const usage = { inputTokens, outputTokens, cachedInputTokens } as Usage;
  const reply = { text, stop, model, usage: { ...usage, ...(cacheWriteTokens ? { cacheWriteTokens } : {}) } };
  return { call: call as number, reply: reply as TextReply };
}

function numbersOf([bytes, words]: SqlValue[]): Numbers {
  // A copy, so that the numbers begin where numbers may begin.
  const data = new Float32Array(Uint8Array.from(bytes as Uint8Array).buffer);
  return { data, words: JSON.parse(String(words ?? null)) ?? undefined };
}

interface PendingCall extends LedgerCall {
  readonly at: string;
  readonly resolve: (id: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes what came in one turn of the event loop in one transaction. What could not be written stays here. */
class GroupedWrites {
  readonly #database: Database;
  #calls: PendingCall[] = [];
  #readings: CallReading[] = [];
  #stuck = false;
  #due: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  keep(call: LedgerCall): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#calls.push({ ...call, at: new Date().toISOString(), resolve, reject });
      this.#due ??= setImmediate(() => this.#writeDue());
    });
  }

  note(reading: CallReading): void {
    this.#readings.push(reading);
    this.#later ??= setTimeout(() => this.#writeDue(), noteMs);
  }

  /** Writes what could not be written before. @throws {FileError} If it still cannot. */
  retry(): void {
    if (this.#stuck) this.#write();
  }

  #writeDue(): void {
    clearTimeout(this.#later);
    this.#later = this.#due = undefined;
    try {
      this.#write();
    } catch {
      // Those who wait were told; who only noted something hears of it at the next `find`.
    }
  }

  #write(): void {
    const [calls, readings] = [this.#calls, this.#readings];
    try {
      const ids = this.#database.transaction((run) => insertAll(run, calls, readings));
      [this.#calls, this.#readings, this.#stuck] = [[], [], false];
      for (const [i, { resolve }] of calls.entries()) resolve(ids[i] as number);
    } catch (error) {
      this.#stuck = true;
      for (const { reject } of calls) reject(error);
      throw error;
    }
  }
}

/** @returns The number of each call's row. */
function insertAll(run: RunSql, calls: readonly PendingCall[], readings: readonly CallReading[]): number[] {
  for (const reading of readings) insertReading(run, reading);
  for (const [key, body] of new Map(calls.map(({ asked }) => [asked.preambleKey, asked.preamble]))) {
    run("INSERT OR IGNORE INTO preamble VALUES (?, ?)", key, body);
  }
  return calls.map((call) => insertCall(run, call));
}

const insertCallSql = `INSERT INTO call (key, at, model, preamble, question, parameters, reply, stop, answered_by,
  input_tokens, output_tokens, cached_input_tokens, cache_write_tokens, dollars, latency_ms, failure)
  VALUES (${Array(16).fill("?").join(", ")})`;

function insertCall(run: RunSql, call: PendingCall): number {
  const { asked, at, reply, usage = reply?.usage, prices, failure, waitedMs, numbers = new Map() } = call;
  const { key, model, preambleKey, question, parameters } = asked;
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens } = usage ?? {};
  const dollars =
    reply?.dollars ?? (usage && priceOf(usage, { prices, models: [reply?.model ?? model, model] }));
  const words = [reply?.text ?? null, reply?.stop ?? null, reply?.model ?? null];
  const tokens = [inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens].map((n) => n ?? null);
  const cost = [dollars ?? null, reply?.latencyMs ?? waitedMs ?? null];
  const sent = [key, at, model, preambleKey, question, parameters];
  const id = run(insertCallSql, ...sent, ...words, ...tokens, ...cost, failure ?? null);
  insertNumbers(run, id, numbers);
  return id;
}

/** At the prices that the model was given, else at those of the table for who answered or who was asked. */
function priceOf(
  usage: Usage,
  { prices, models }: { prices: Prices | undefined; models: readonly string[] },
): number | undefined {
  if (prices) return priceAt(prices, usage);
  return models.map((model) => price(model, usage)).find((dollars) => dollars !== undefined);
}

const insertNumbersSql = "INSERT OR IGNORE INTO numbers VALUES (?, ?, ?, ?)";

function insertNumbers(run: RunSql, call: number, numbers: ReadonlyMap<string, Numbers>): void {
  for (const [key, { data, words }] of numbers) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    run(insertNumbersSql, key, call, words ? JSON.stringify(words) : null, bytes);
  }
}

function insertReading(run: RunSql, { call, parser, status, reason }: CallReading): void {
  run("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?)", call, parser, status, reason ?? null);
}
