/**
 * A SQLite file, opened when it is first used. While it is written it is in WAL mode, so that readers and
 * other processes need not wait. When it rests, and when the process ends, the log is folded in and let go of:
 * the file is then whole and alone, and can be copied, shipped and opened from a read-only place.
 *
 * The binding is libsql (docs/decisions/0007-ledger.md). Two of its habits are met here: it lets go of a file
 * only when its statements have been collected, so a connection is dropped, not waited for; and a statement
 * that failed stays in progress, so after an error the next connection is a new one.
 */
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type Libsql from "libsql";
import { FileError } from "../errors.js";

export type SqlValue = string | number | null;

export interface Database {
  readonly path: string;
  /** The rows that a query gives, each as its columns. */
  rows(sql: string, ...values: SqlValue[]): SqlValue[][];
  /** The first row, or `undefined`. */
  row(sql: string, ...values: SqlValue[]): SqlValue[] | undefined;
  /** All that the work changes, or nothing; when it returns, the changes are on disk. */
  transaction<T>(work: (run: RunSql) => T): T;
}

/** Runs a statement that changes something; gives the id of the row that was inserted last. */
export type RunSql = (sql: string, ...values: SqlValue[]) => number;

export interface DatabaseOptions {
  /** By the name of a table or an index, the statement `CREATE … IF NOT EXISTS` that makes it where it is missing. */
  schema: Readonly<Record<string, string>>;
  /** Whether to refuse to make the file. Default: false. */
  mustExist?: boolean | undefined;
}

/** Marks a file as ours: "SAEL". */
const applicationId = 0x5341454c;
/** Raised when a table changes its columns. */
const version = 1;
/** How long another process may keep the file to itself. */
const busyMs = 30_000;
/** A file that nobody used for so long rests. */
const restMs = 2_000;

interface Connection {
  readonly sqlite: Libsql.Database;
  readonly statements: Map<string, Libsql.Statement>;
  /** Whether the file is in WAL mode. */
  wal: boolean;
}

/**
 * The database at `path`; the folder and the file are made when it is first used.
 *
 * Every method throws a `FileError` that says what to do if the file is missing, damaged, not ours or locked,
 * or if it cannot be written.
 */
export function openDatabase(path: string, options: DatabaseOptions): Database {
  let open: Connection | undefined;
  const rest = () => {
    letGo(open);
    open = undefined;
    markResting(rest);
  };
  const timer = setTimeout(rest, restMs).unref();
  const use = <T>(work: (connection: Connection) => T): T => {
    try {
      open ??= connect(path, options);
      markAwake(rest);
      timer.refresh();
      return work(open);
    } catch (error) {
      open?.sqlite.close();
      open = undefined;
      throw error instanceof FileError ? error : fileError(path, error);
    }
  };
  return {
    path,
    rows: (sql, ...values) => use((c) => prepared(c, sql).all(...values) as SqlValue[][]),
    row: (sql, ...values) => use((c) => prepared(c, sql).get(...values) as SqlValue[] | undefined),
    transaction: (work) => use((c) => transact(c, work)),
  };
}

function connect(path: string, { schema, mustExist = false }: DatabaseOptions): Connection {
  if (mustExist && !existsSync(path)) {
    throw new FileError(`Cannot open "${path}": there is no such file; check the path`, path);
  }
  if (!mustExist) mkdirSync(dirname(path), { recursive: true });
  const sqlite = new (binding())(path, { timeout: busyMs } as Libsql.Options);
  const names = sqlite.prepare("SELECT name FROM sqlite_master").raw().all() as string[][];
  const there = new Set(names.flat());
  checkOurs(sqlite, { path, empty: there.size === 0 });
  const missing = Object.keys(schema).filter((name) => !there.has(name));
  if (missing.length > 0) {
    const marks = `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`;
    const creation = missing.map((name) => schema[name]).join("; ");
    sqlite.exec(`BEGIN IMMEDIATE; ${marks}; ${creation}; COMMIT`);
  }
  sqlite.exec("PRAGMA synchronous = FULL");
  return { sqlite, statements: new Map(), wal: pragma(sqlite, "journal_mode") === "wal" };
}

/** Loaded when needed: on a machine that the binding was not built for, all else still works. */
function binding(): typeof Libsql {
  try {
    return createRequire(import.meta.url)("libsql") as typeof Libsql;
  } catch (cause) {
    const here = `${process.platform} ${process.arch}`;
    throw new Error(`no SQLite was built for ${here}, or it is not installed; run npm install`, { cause });
  }
}

function checkOurs(sqlite: Libsql.Database, { path, empty }: { path: string; empty: boolean }): void {
  if (!empty && pragma(sqlite, "application_id") !== applicationId) {
    throw new FileError(`Cannot use "${path}": another program made it; choose another file`, path);
  }
  const found = pragma(sqlite, "user_version") as number;
  if (found > version) {
    throw new FileError(
      `Cannot use "${path}": its version is ${found}, this saelab knows ${version}; update saelab`,
      path,
    );
  }
}

function pragma(sqlite: Libsql.Database, name: string): unknown {
  const [value] = sqlite.prepare(`PRAGMA ${name}`).raw().get() as unknown as [unknown];
  return value;
}

function prepared({ sqlite, statements }: Connection, sql: string): Libsql.Statement {
  const known = statements.get(sql);
  if (known) return known;
  const statement = sqlite.prepare(sql);
  if (statement.reader) statement.raw();
  statements.set(sql, statement);
  return statement;
}

function transact<T>(connection: Connection, work: (run: RunSql) => T): T {
  const { sqlite } = connection;
  if (!connection.wal) connection.wal = pragma(sqlite, "journal_mode = WAL") === "wal";
  sqlite.exec("BEGIN IMMEDIATE");
  try {
    const done = work((sql, ...values) => Number(prepared(connection, sql).run(...values).lastInsertRowid));
    sqlite.exec("COMMIT");
    return done;
  } catch (error) {
    // SQLite rolls some failures back by itself.
    if (sqlite.inTransaction) sqlite.exec("ROLLBACK");
    throw error;
  }
}

/** Folds the log in, unless another connection is at work: the last of them does it. */
function letGo(connection: Connection | undefined): void {
  if (!connection) return;
  const { sqlite } = connection;
  try {
    sqlite.exec("PRAGMA busy_timeout = 0");
    if (connection.wal) pragma(sqlite, "journal_mode = DELETE");
  } catch {
    // What was committed is safe in the log, which the next to open the file reads.
  } finally {
    sqlite.close();
  }
}

/** How to let go of each open file, for the end of the process. */
const awake = new Set<() => void>();

function markAwake(rest: () => void): void {
  if (awake.size === 0) process.once("exit", restAll);
  awake.add(rest);
}

function markResting(rest: () => void): void {
  if (awake.delete(rest) && awake.size === 0) process.off("exit", restAll);
}

function restAll(): void {
  for (const rest of awake) rest();
}

function fileError(path: string, cause: unknown): FileError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = cause instanceof Error ? cause.message : String(cause);
  const [, advice] = advices.find(([codes]) => codes.test(code)) ?? [];
  return new FileError(`Cannot use "${path}": ${reason}${advice ? `; ${advice}` : ""}`, path, { cause });
}

const advices: readonly (readonly [RegExp, string])[] = [
  [/NOTADB|CORRUPT/, "it is damaged: put a copy in its place, or rename it to begin a new one"],
  [/FULL|IOERR/, "make room there and run again"],
  [/READONLY|CANTOPEN|PERM/, "choose a place that can be written"],
  [/BUSY|LOCKED/, "another process keeps it to itself; wait for that process, or end it"],
];
