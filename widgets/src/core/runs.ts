/** Neighbouring tokens of one colour step, drawn as one element. */
export interface Run {
  /** First token. */
  readonly start: number;
  /** One past the last token. */
  readonly end: number;
  readonly step: number;
}

/**
 * Merges neighbouring tokens of equal step. The tokens of `alone` keep an element of their own, so that
 * the peak can be underlined and the cursor can stand on one token.
 */
export function mergeRuns(steps: ArrayLike<number>, alone: readonly number[] = []): Run[] {
  const runs: Run[] = [];
  let start = 0;
  for (let i = 1; i <= steps.length; i++) {
    const joined = i < steps.length && steps[i] === steps[start];
    if (joined && !alone.includes(i) && !alone.includes(i - 1)) continue;
    runs.push({ start, end: i, step: steps[start] as number });
    start = i;
  }
  return runs;
}
