/**
 * The service asked for a longer wait than calls are kept for: whoever comes meanwhile is turned away, and nothing is sent.
 * They fail as values do and the run goes on, since what others are asked (another judge, a model on this machine) is worth
 * having, and a run that is taken up later asks again for what failed.
 */
export class LongPauseError extends Error {
  override readonly name = "LongPauseError";
  /** The HTTP status with which it asked. */
  readonly status: number | undefined;
  /** What is left of the pause, in milliseconds. */
  readonly waitMs: number;

  constructor(reason: string, { status, waitMs }: { status: number | undefined; waitMs: number }) {
    super(reason);
    this.status = status;
    this.waitMs = waitMs;
  }
}
