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
import { dirname, resolve } from "node:path";
import type Libsql from "libsql";
import { FileError } from "../errors.js";

export type SqlValue = string | number | null | Uint8Array;

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

/** A file as this process has it open: one connection, whoever uses it, or the log could not be folded in. */
interface OpenFile {
  readonly sqlite: Libsql.Database;
  readonly statements: Map<string, Libsql.Statement>;
  /** Schemas whose tables are known to be there. */
  readonly schemas: Set<DatabaseOptions["schema"]>;
  readonly rest: NodeJS.Timeout;
  /** Whether the file is in WAL mode. */
  wal: boolean;
}

/** By absolute path. */
const openFiles = new Map<string, OpenFile>();

/**
 * The database at `path`; the folder and the file are made when it is first used.
 *
 * Every method throws a `FileError` that says what to do if the file is missing, damaged, not ours or locked,
 * or if it cannot be written.
 */
export function openDatabase(path: string, { schema, mustExist = false }: DatabaseOptions): Database {
  const place = resolve(path);
  const use = <T>(work: (file: OpenFile) => T): T => {
    try {
      const file = openFiles.get(place) ?? open(path, mustExist);
      file.rest.refresh();
      ensure(file, schema);
      return work(file);
    } catch (error) {
      drop(place);
      throw error instanceof FileError ? error : fileError(path, error);
    }
  };
  return {
    path,
    rows: (sql, ...values) =>
      use((file) => (prepared(file, sql).all(...values.map(stored)) as SqlValue[][]).map(asGiven)),
    row: (sql, ...values) =>
      use((file) => {
        const found = prepared(file, sql).get(...values.map(stored)) as SqlValue[] | undefined;
        return found && asGiven(found);
      }),
    transaction: (work) => use((file) => transact(file, work)),
  };
}

function open(path: string, mustExist: boolean): OpenFile {
  const place = resolve(path);
  if (mustExist && !existsSync(place)) {
    throw new FileError(`Cannot open "${path}": there is no such file; check the path`, path);
  }
  if (!mustExist) mkdirSync(dirname(place), { recursive: true });
  const sqlite = new (binding())(path, { timeout: busyMs } as Libsql.Options);
  checkOurs(sqlite, path);
  sqlite.exec("PRAGMA synchronous = FULL");
  const wal = pragma(sqlite, "journal_mode") === "wal";
  const rest = setTimeout(() => letGo(place), restMs).unref();
  const file = { sqlite, wal, rest, statements: new Map(), schemas: new Set<DatabaseOptions["schema"]>() };
  if (openFiles.size === 0) process.once("exit", letGoOfAll);
  openFiles.set(place, file);
  return file;
}

/** Makes the tables that are missing. */
function ensure({ sqlite, schemas }: OpenFile, schema: DatabaseOptions["schema"]): void {
  if (schemas.has(schema)) return;
  const there = tables(sqlite);
  const missing = Object.keys(schema).filter((name) => !there.has(name));
  if (missing.length > 0) {
    const marks = `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`;
    const creation = missing.map((name) => schema[name]).join("; ");
    sqlite.exec(`BEGIN IMMEDIATE; ${marks}; ${creation}; COMMIT`);
  }
  schemas.add(schema);
}

function tables(sqlite: Libsql.Database): Set<string> {
  const names = sqlite.prepare("SELECT name FROM sqlite_master").raw().all() as string[][];
  return new Set(names.flat());
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

function checkOurs(sqlite: Libsql.Database, path: string): void {
  if (tables(sqlite).size > 0 && pragma(sqlite, "application_id") !== applicationId) {
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

function prepared({ sqlite, statements }: OpenFile, sql: string): Libsql.Statement {
  const known = statements.get(sql);
  if (known) return known;
  const statement = sqlite.prepare(sql);
  if (statement.reader) statement.raw();
  statements.set(sql, statement);
  return statement;
}

function transact<T>(file: OpenFile, work: (run: RunSql) => T): T {
  const { sqlite } = file;
  if (!file.wal) file.wal = pragma(sqlite, "journal_mode = WAL") === "wal";
  sqlite.exec("BEGIN IMMEDIATE");
  try {
    const done = work((sql, ...values) =>
      Number(prepared(file, sql).run(...values.map(stored)).lastInsertRowid),
    );
    sqlite.exec("COMMIT");
    return done;
  } catch (error) {
    // SQLite rolls some failures back by itself.
    if (sqlite.inTransaction) sqlite.exec("ROLLBACK");
    throw error;
  }
}

/** Begins a text that is stored as JSON. No text of people's begins so: it is no character. */
const asJson = "\u{ffff}";

/** SQLite's text is UTF-8, and the binding cuts it at U+0000: what would not survive that is stored as JSON. */
function stored(value: SqlValue): SqlValue {
  if (typeof value !== "string") return value;
  const survives = !/[\0\p{Surrogate}]/u.test(value) && !value.startsWith(asJson);
  return survives ? value : asJson + JSON.stringify(value);
}

function asGiven(row: SqlValue[]): SqlValue[] {
  return row.map((value) =>
    typeof value === "string" && value.startsWith(asJson) ? JSON.parse(value.slice(asJson.length)) : value,
  );
}

/**
 * Folds the log in, unless another process is at work: the last of them does it. Where others only have the file open, the
 * log stays, empty.
 */
function letGo(place: string): void {
  const file = openFiles.get(place);
  try {
    file?.sqlite.exec("PRAGMA busy_timeout = 0");
    if (file?.wal) {
      pragma(file.sqlite, "wal_checkpoint(TRUNCATE)");
      pragma(file.sqlite, "journal_mode = DELETE");
    }
  } catch {
    // What was committed is safe in the log, which the next to open the file reads.
  } finally {
    drop(place);
  }
}

/** Forgets the connection; the next use makes a new one. */
function drop(place: string): void {
  const file = openFiles.get(place);
  if (!file) return;
  clearTimeout(file.rest);
  file.sqlite.close();
  openFiles.delete(place);
  if (openFiles.size === 0) process.off("exit", letGoOfAll);
}

function letGoOfAll(): void {
  for (const place of openFiles.keys()) letGo(place);
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
