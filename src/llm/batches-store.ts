/**
 * Which request went into which batch, on disk before the batch is made: whoever comes after a crash finds out
 * what was sent, and nothing is sent and paid twice. Replies are not here but in the ledger; results of a batch
 * can be read for 29 days, as often as needed. Lives in the ledger's file, in tables of its own.
 */
import { randomBytes } from "node:crypto";
import { openDatabase, type SqlValue } from "./database.js";
import { ledgerPath } from "./ledger.js";

/** That some requests were about to become a batch. */
export interface BatchIntent {
  readonly id: string;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** The process that was about to make it. */
  readonly pid: number;
  /** How many requests. */
  readonly requests: number;
  /** The service's name for the batch; `undefined` as long as nobody knows whether it was made. */
  readonly batch: string | undefined;
}

export interface BatchesStore {
  /** The intent that holds the request with this address. */
  intentOf(key: string): BatchIntent | undefined;
  /** Writes an intent for those of the requests that are in none. When it returns, it is on disk. */
  claim(keys: readonly string[]): { intent: BatchIntent; taken: ReadonlySet<string> };
  /** The batch was made. */
  sent(id: string, batch: string): void;
  /** Some requests of an intent may be sent anew; without `keys`, the intent is void. */
  release(id: string, keys?: readonly string[]): void;
  /** Whether a batch is known to be an intent's. */
  knows(batch: string): boolean;
}

const schema = {
  batch_intent: `CREATE TABLE IF NOT EXISTS batch_intent (
    id TEXT PRIMARY KEY, at REAL NOT NULL, pid INTEGER NOT NULL, requests INTEGER NOT NULL, batch TEXT)`,
  batch_request: `CREATE TABLE IF NOT EXISTS batch_request (
    key TEXT PRIMARY KEY, intent TEXT NOT NULL REFERENCES batch_intent)`,
  batch_request_intent: "CREATE INDEX IF NOT EXISTS batch_request_intent ON batch_request (intent)",
};

/** The batches of the ledger at `place`. */
export function openBatchesStore(place: string): BatchesStore {
  const database = openDatabase(ledgerPath(place), { schema });
  return {
    intentOf(key) {
      const row = database.row(intentOfSql, key);
      return row && toIntent(row);
    },
    claim(keys) {
      const id = randomBytes(6).toString("hex");
      const [at, pid] = [Date.now(), process.pid];
      return database.transaction((run) => {
        run("INSERT INTO batch_intent VALUES (?, ?, ?, 0, NULL)", id, at, pid);
        for (const key of keys) run("INSERT OR IGNORE INTO batch_request VALUES (?, ?)", key, id);
        const taken = database.rows("SELECT key FROM batch_request WHERE intent = ?", id).flat() as string[];
        const requests = taken.length;
        if (requests === 0) run("DELETE FROM batch_intent WHERE id = ?", id);
        else run("UPDATE batch_intent SET requests = ? WHERE id = ?", requests, id);
        return { intent: { id, at, pid, requests, batch: undefined }, taken: new Set(taken) };
      });
    },
    sent: (id, batch) =>
      database.transaction((run) => void run("UPDATE batch_intent SET batch = ? WHERE id = ?", batch, id)),
    release: (id, keys) =>
      database.transaction((run) => {
        for (const key of keys ?? []) {
          run("DELETE FROM batch_request WHERE key = ? AND intent = ?", key, id);
        }
        if (keys) return;
        run("DELETE FROM batch_request WHERE intent = ?", id);
        run("DELETE FROM batch_intent WHERE id = ?", id);
      }),
    knows: (batch) => database.row("SELECT 1 FROM batch_intent WHERE batch = ?", batch) !== undefined,
  };
}

const intentOfSql = `SELECT id, at, pid, requests, batch FROM batch_request
  JOIN batch_intent ON batch_intent.id = batch_request.intent WHERE key = ?`;

function toIntent([id, at, pid, requests, batch]: SqlValue[]): BatchIntent {
  return {
    id: id as string,
    at: at as number,
    pid: pid as number,
    requests: requests as number,
    batch: (batch ?? undefined) as string | undefined,
  };
}
