/** The rows `from` to `to` (exclusive). */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/**
 * The rows 0 to `count` in slices, after each of which timers and messages have their turn.
 *
 * @param size Some milliseconds' work. Default: for a loop over rows.
 */
export async function* slices(count: number, size = 1 << 18): AsyncGenerator<Slice> {
  for (let from = 0; from < count; from += size) {
    yield { from, to: Math.min(count, from + size) };
    await new Promise(setImmediate);
  }
}
