/**
 * The windows of a heatmap as one Arrow table, one row each: ten bytes and the text per token.
 * Pieces are kept as the window's text and the length of each piece in it, so their boundaries survive
 * and joining them is free. The browser reads it with flechette, a row at a time.
 */
import {
  type DataType,
  Field,
  Float32,
  Int32,
  List,
  makeData,
  makeVector,
  Table,
  tableToIPC,
  Uint16,
  Utf8,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import type { Window } from "../examples/example.js";
import type { HeatmapRow } from "./heatmap-rows.js";

/**
 * Writes rows as an Arrow IPC stream with the columns `quantile` (-1 where nothing fires), `split`
 * (0 train, 1 test), `context`, `start`, `text`, `lengths` (UTF-16 units per piece), `tokens` and
 * `activations`.
 *
 * @throws {RangeError} If a window's pieces, tokens and activations differ in number, or there are none.
 */
export function heatmapPage(rows: readonly HeatmapRow[]): Uint8Array {
  const windows = rows.map((row) => row.window);
  windows.forEach(checkWindow);
  const offsets = new Int32Array(windows.length + 1);
  windows.forEach((window, i) => {
    offsets[i + 1] = (offsets[i] as number) + window.tokens.length;
  });
  const size = offsets[windows.length] as number;
  const lengths = Uint16Array.from(windows.flatMap((window) => window.pieces.map((piece) => piece.length)));
  const tokens = new Int32Array(size);
  const activations = new Float32Array(size);
  windows.forEach((window, i) => {
    tokens.set(window.tokens, offsets[i]);
    activations.set(window.activations, offsets[i]);
  });
  const table = new Table({
    quantile: makeVector(Int16Array.from(rows, (row) => row.quantile ?? -1)),
    split: makeVector(Uint8Array.from(rows, (row) => (row.split === "train" ? 0 : 1))),
    context: makeVector(Int32Array.from(windows, (window) => window.context)),
    start: makeVector(Int32Array.from(windows, (window) => window.start)),
    text: vectorFromArray(
      windows.map((window) => window.pieces.join("")),
      new Utf8(),
    ),
    lengths: listVector(new Uint16(), lengths, offsets),
    tokens: listVector(new Int32(), tokens, offsets),
    activations: listVector(new Float32(), activations, offsets),
  });
  return tableToIPC(table, "stream");
}

function listVector<T extends DataType>(type: T, data: T["TArray"], valueOffsets: Int32Array) {
  const child = makeData({ type, data, length: data.length, nullCount: 0 } as never);
  const list = new List(new Field("item", type, false));
  return new Vector([
    makeData({ type: list, length: valueOffsets.length - 1, nullCount: 0, valueOffsets, child } as never),
  ]);
}

function checkWindow(window: Window): void {
  const { tokens, pieces, activations, context, start } = window;
  const equal = tokens.length === pieces.length && tokens.length === activations.length;
  // A table whose lists are all empty is one that apache-arrow 21 writes too short to be read.
  if (equal && tokens.length > 0) return;
  throw new RangeError(
    `Cannot show the window at position ${start} of context ${context}: it has ${tokens.length} tokens, ` +
      `${pieces.length} pieces and ${activations.length} activations; give at least one token, and one of each per token`,
  );
}
