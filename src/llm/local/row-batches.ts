/** Logits are [row, position, vocabulary], the largest thing in memory: 400 positions of 50,000 words take 80 MB. More gain nothing. */
const positionsPerRun = 400;
const cacheBytesPerRun = 256e6;

/** What limits how many texts are read at once besides their lengths. */
export interface RowLimits {
  /** Tokens of a common prefix that every row repeats. Default: 0. */
  readonly repeated?: number;
  /** Positions in a cache that every row is given. Default: 0. */
  readonly past?: number;
  /** Bytes of one position in the cache. Default: 0. */
  readonly bytesPerPosition?: number;
  /** Default: no limit. */
  readonly rowsPerRun?: number;
}

/**
 * Which texts are read together: indices of `lengths`, shortest first, so that rows of a batch are of about one length.
 * Texts without tokens are in none.
 */
export function rowBatches(lengths: readonly number[], limits: RowLimits = {}): number[][] {
  const { repeated = 0, past = 0, bytesPerPosition = 0, rowsPerRun = Number.POSITIVE_INFINITY } = limits;
  const order = [...lengths.keys()]
    .filter((i) => lengths[i] > 0)
    .sort((a, b) => lengths[a] - lengths[b] || a - b);
  const batches: number[][] = [];
  for (const i of order) {
    const batch = batches.at(-1);
    const rows = (batch?.length ?? 0) + 1;
    const width = repeated + lengths[i];
    const cacheBytes = rows * (past + width) * bytesPerPosition;
    const fits = rows * width <= positionsPerRun && cacheBytes <= cacheBytesPerRun && rows <= rowsPerRun;
    if (batch && fits) batch.push(i);
    else batches.push([i]);
  }
  return batches;
}
