export interface Bin {
  /** Included. */
  readonly from: number;
  /** Not included, but in the last bin. */
  readonly to: number;
  readonly count: number;
}

export interface HistogramOptions {
  /** Number of bins of equal width. Default: 20. */
  bins?: number | undefined;
  /** Range of the bins; numbers outside are not counted. Default: from the least number to the largest. */
  domain?: readonly [number, number] | undefined;
}

/**
 * Counts numbers in bins of equal width. Where all numbers are equal, one bin around them holds all.
 *
 * @throws {RangeError} If there are no numbers and no `domain`, or `bins` is not a whole number from 1.
 */
export function histogram(numbers: ArrayLike<number>, { bins = 20, domain }: HistogramOptions = {}): Bin[] {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new RangeError(`Cannot make a histogram of ${bins} bins: give a whole number from 1`);
  }
  if (numbers.length === 0 && domain === undefined) {
    throw new RangeError("Cannot make a histogram of no numbers: give a domain");
  }
  const [low, high] = domain ?? extent(numbers);
  if (low === high) return [{ from: low - 0.5, to: high + 0.5, count: countEqual(numbers, low) }];
  const counts = new Array<number>(bins).fill(0);
  for (const number of Array.from(numbers)) {
    if (!(number >= low && number <= high)) continue;
    const bin = Math.min(bins - 1, Math.floor(((number - low) / (high - low)) * bins));
    counts[bin] = (counts[bin] as number) + 1;
  }
  const edge = (i: number) => low + ((high - low) * i) / bins;
  return counts.map((count, i) => ({ from: edge(i), to: edge(i + 1), count }));
}

function extent(numbers: ArrayLike<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < numbers.length; i++) {
    low = Math.min(low, numbers[i] as number);
    high = Math.max(high, numbers[i] as number);
  }
  return [low, high];
}

function countEqual(numbers: ArrayLike<number>, wanted: number): number {
  return Array.from(numbers).filter((number) => number === wanted).length;
}
