/** Logits are [row, position, vocabulary], the largest thing in memory: 400 positions of 50,000 words take 80 MB. */
const positionsPerRun = 400;
const cacheBytesPerRun = 256e6;

/** Sizes that limit how many texts are read at once. */
export interface RowSizes {
  readonly session: { readonly bytesPerPosition: number; readonly rowsPerRun: number };
  /** Positions in the cache that all rows share. */
  readonly past: number;
  /** Tokens of the prefix that every row repeats. */
  readonly rest: number;
}

/**
 * Which texts are read together: indices of `lengths`, shortest first, so that rows of a batch are of about one length.
 * Texts without tokens are in none.
 */
export function rowBatches(lengths: readonly number[], { session, past, rest }: RowSizes): number[][] {
  const order = [...lengths.keys()]
    .filter((i) => lengths[i] > 0)
    .sort((a, b) => lengths[a] - lengths[b] || a - b);
  const batches: number[][] = [];
  for (const i of order) {
    const batch = batches.at(-1);
    const rows = (batch?.length ?? 0) + 1;
    const width = rest - 1 + lengths[i];
    const cacheBytes = rows * (past + width) * session.bytesPerPosition;
    const fits =
      rows * width <= positionsPerRun && cacheBytes <= cacheBytesPerRun && rows <= session.rowsPerRun;
    if (batch && fits) batch.push(i);
    else batches.push([i]);
  }
  return batches;
}
