/** Arrow tables and record batches, known by their shape, so that any copy and version of `apache-arrow` will do. */
import type { MimeBundle } from "./messages.js";
import { maxRows, type Row, tableBundle } from "./table.js";

/** What `Table` and `RecordBatch` of apache-arrow have in common. */
interface ArrowTable {
  readonly numRows: number;
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: unknown }[] };
  get(index: number): { toJSON(): Row } | null;
}

/** Whether a value is an Arrow table or record batch. */
export function isArrowTable(value: unknown): value is ArrowTable {
  const { numRows, schema, get } = (value ?? {}) as Partial<ArrowTable>;
  return typeof numRows === "number" && Array.isArray(schema?.fields) && typeof get === "function";
}

/** Its first rows, and below them its size and the types of its columns. */
export function arrowBundle(table: ArrowTable): MimeBundle {
  const { numRows, schema } = table;
  const rows = Array.from({ length: Math.min(numRows, maxRows) }, (_, i) => table.get(i)?.toJSON() ?? {});
  const types = schema.fields.map(({ name, type }) => `${name}: ${type}`).join(", ");
  return tableBundle(rows, {
    total: numRows,
    columns: schema.fields.map(({ name }) => name),
    note: `${numRows.toLocaleString("en-US")} rows of {${types}}`,
  });
}
