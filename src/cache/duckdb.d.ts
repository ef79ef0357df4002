/** What is used of DuckDB, which is installed apart: not every platform has it. */
declare module "@duckdb/node-api" {
  interface Connection {
    run(sql: string): Promise<unknown>;
    runAndReadAll(sql: string): Promise<{ getRowObjectsJS(): Record<string, unknown>[] }>;
    closeSync(): void;
  }
  export const DuckDBInstance: {
    create(path: string): Promise<{ connect(): Promise<Connection>; closeSync(): void }>;
  };
}
