/** Rows of cells in columns of equal width, two spaces apart; columns in `right` (by index) are set flush right. */
export function textTable(
  rows: readonly (readonly string[])[],
  { right = [] }: { right?: readonly number[] } = {},
): string {
  const width = (i: number) => Math.max(...rows.map((cells) => cells[i]?.length ?? 0));
  const widths = (rows[0] ?? []).map((_, i) => width(i));
  const cell = (text: string, i: number) =>
    right.includes(i) ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0);
  return rows.map((cells) => cells.map(cell).join("  ").trimEnd()).join("\n");
}
