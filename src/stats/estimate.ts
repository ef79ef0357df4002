/** A number that was measured on a sample, and where the true one lies. */
export interface Estimate {
  readonly value: number;
  /** `[low, high]`, 95 % unless it was asked for at another level. */
  readonly interval: readonly [number, number];
}
