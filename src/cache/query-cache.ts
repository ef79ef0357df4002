/// <reference path="./duckdb.d.ts" />
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../errors.js";
import { tablesName } from "./cache-manifest.js";
import { activationTable, latentTable, tokenTable } from "./cache-tables.js";
import type { LatentCache } from "./latent-cache.js";
import { writeParquetTable } from "./parquet-table.js";

export interface QueryOptions {
  /** Where the tables go that are queried, once for each cache. Default: `sql` in the folder of the cache. */
  directory?: string | undefined;
}

/** A row of an answer: numbers, strings, `null`; whole numbers beyond 2^53 are bigints. */
export type QueryRow = Record<string, unknown>;

const tables = { activations: activationTable, tokens: tokenTable, latents: latentTable } as const;

/** What can be asked for. Rows of tables are joined where a query needs it. */
const views = (folder: string) => {
  const table = (name: keyof typeof tables) =>
    `read_parquet('${join(folder, `${name}.parquet`).replaceAll("'", "''")}')`;
  return [
    `CREATE VIEW tokens AS SELECT * FROM ${table("tokens")}`,
    `CREATE VIEW latents AS SELECT latent, "count"::BIGINT AS "count", max, sum, density, windows::BIGINT AS windows
     FROM ${table("latents")}`,
    `CREATE VIEW activations AS SELECT latent, context, position, token, text, activation
     FROM ${table("activations")} JOIN tokens USING (context, position)`,
  ];
};

/**
 * Answers a question in SQL about a cache, through DuckDB, which is installed apart. See `LatentCache.query`.
 *
 * @throws {FileError} If DuckDB is not installed, or the tables cannot be written.
 * @throws {Error} If DuckDB does not take the query.
 */
export async function queryCache(
  cache: LatentCache,
  sql: string,
  options: QueryOptions = {},
): Promise<QueryRow[]> {
  const { DuckDBInstance } = await loadDuckDb(cache);
  const folder = join(options.directory ?? join(cache.directory, tablesName), cache.hash.slice(0, 16));
  for (const [name, table] of Object.entries(tables)) {
    const path = join(folder, `${name}.parquet`);
    if (!existsSync(path)) await writeParquetTable(path, table(cache));
  }
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  try {
    for (const view of views(folder)) await connection.run(view);
    const answer = await connection.runAndReadAll(sql);
    return answer.getRowObjectsJS().map(readableRow);
  } catch (cause) {
    const found = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
    throw new Error(
      `Cannot query "${cache.directory}" with ${JSON.stringify(sql)}: ${found}; there are the views activations (latent, context, position, token, text, activation), tokens and latents`,
      { cause },
    );
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}

async function loadDuckDb({ directory }: LatentCache) {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw new FileError(
      `Cannot query "${directory}": DuckDB is not installed; run "npm install @duckdb/node-api" and call again`,
      directory,
      { cause },
    );
  }
}

function readableRow(row: Record<string, unknown>): QueryRow {
  const readable = (value: unknown) =>
    typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, readable(value)]));
}
