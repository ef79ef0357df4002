import { createWriteStream, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { FileError } from "../errors.js";
import type { SqlValue } from "./database.js";
import { openLedgerFile } from "./ledger.js";

/** Name, and whether it is a number that is not whole, a whole number or text. */
type Column = readonly [name: string, type: "DOUBLE" | "INT64" | "STRING"];

const columns: readonly Column[] = [
  ["id", "INT64"],
  ["key", "STRING"],
  ["at", "STRING"],
  ["model", "STRING"],
  ["preamble", "STRING"],
  ["question", "STRING"],
  ["parameters", "STRING"],
  ["reply", "STRING"],
  ["stop", "STRING"],
  ["answered_by", "STRING"],
  ["input_tokens", "INT64"],
  ["output_tokens", "INT64"],
  ["cached_input_tokens", "INT64"],
  ["cache_write_tokens", "INT64"],
  ["dollars", "DOUBLE"],
  ["latency_ms", "DOUBLE"],
  ["failure", "STRING"],
  ["parser", "STRING"],
  ["outcome", "STRING"],
  ["reason", "STRING"],
];

const rowsPerPage = 8_192;

/** A call with its preamble written out and with what the newest parser made of the reply. */
const pageSql = `SELECT id, c.key, at, model, p.body, question, parameters, reply, stop, answered_by, input_tokens,
    output_tokens, cached_input_tokens, cache_write_tokens, dollars, latency_ms, failure, o.parser,
    coalesce(o.status, CASE WHEN reply IS NULL AND failure IS NULL THEN 'ok' END), o.reason
  FROM call c JOIN preamble p ON p.key = c.preamble LEFT JOIN outcome o
    ON o.call = c.id AND o.parser = (
      SELECT parser FROM outcome WHERE call = c.id ORDER BY length(parser) DESC, parser DESC LIMIT 1)
  WHERE id > ? ORDER BY id LIMIT ${rowsPerPage}`;

/**
 * Writes a ledger as one table for other tools, a row for each call: as Parquet if `path` ends in `.parquet`, as an Arrow
 * stream if it ends in `.arrow`. Of a call for vectors or log-probabilities it holds the texts and not the numbers.
 *
 * @param place As for `withLedger`.
 * @throws {RangeError} If `path` ends in anything else.
 * @throws {FileError} If there is no ledger, or the table cannot be written; what was there stays.
 */
export async function exportLedger(place: string, path: string): Promise<void> {
  const write = writers[/\.\w+$/.exec(path)?.[0] ?? ""];
  if (!write)
    throw new RangeError(`Cannot export to "${path}": choose a name that ends in .parquet or .arrow`);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    await write(temporary, pages(place));
    renameSync(temporary, path);
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileError(`Cannot write "${path}": ${reason}; choose a place that can be written`, path, {
      cause,
    });
  } finally {
    rmSync(temporary, { force: true });
  }
}

type Page = SqlValue[][];

/** All calls, some at a time; one page without rows where there are none. */
function* pages(place: string): Generator<Page> {
  const database = openLedgerFile(place, { mustExist: true });
  for (let last = 0; ; ) {
    const page = database.rows(pageSql, last);
    if (page.length > 0 || last === 0) yield page;
    if (page.length < rowsPerPage) return;
    last = page.at(-1)?.[0] as number;
  }
}

const writers: Readonly<Record<string, (path: string, pages: Iterable<Page>) => Promise<void>>> = {
  ".parquet": writeParquet,
  ".arrow": writeArrow,
};

async function writeParquet(path: string, pages: Iterable<Page>): Promise<void> {
  const { fileWriter, ParquetWriter } = await import("hyparquet-writer");
  const fields = columns.map(([name, type]) => parquetField(name, type));
  const schema = [{ name: "root", num_children: fields.length }, ...fields];
  const writer = new ParquetWriter({ writer: fileWriter(path), schema });
  for (const page of pages) {
    const columnData = columns.map(([name, type], i) => ({
      name,
      data: page.map((row) => cell(row[i], type)),
    }));
    writer.write({ columnData });
  }
  writer.finish();
}

function parquetField(name: string, type: Column[1]) {
  const repetition_type = "OPTIONAL" as const;
  if (type !== "STRING") return { name, type, repetition_type };
  return { name, type: "BYTE_ARRAY" as const, converted_type: "UTF8" as const, repetition_type };
}

async function writeArrow(path: string, pages: Iterable<Page>): Promise<void> {
  const { Field, Float64, Int64, RecordBatchStreamWriter, Schema, Table, Utf8, vectorFromArray } =
    await import("apache-arrow");
  const types = { DOUBLE: new Float64(), INT64: new Int64(), STRING: new Utf8() };
  const schema = new Schema(columns.map(([name, type]) => new Field(name, types[type], true)));
  function* batches() {
    for (const page of pages) {
      const vectors = columns.map(([name, type], i) => [
        name,
        vectorFromArray(
          page.map((row) => cell(row[i], type)),
          types[type],
        ),
      ]);
      yield* new Table(schema, Object.fromEntries(vectors)).batches;
    }
  }
  await pipeline(RecordBatchStreamWriter.writeAll(batches()).toNodeStream(), createWriteStream(path));
}

/** No column holds bytes. */
function cell(value: SqlValue | undefined, type: Column[1]): string | number | bigint | null {
  if (value === undefined || value === null) return null;
  return type === "INT64" ? BigInt(Number(value)) : (value as string | number);
}
