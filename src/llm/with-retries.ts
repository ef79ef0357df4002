import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../random.js";

/** What to do about a failed attempt. */
export interface Verdict {
  readonly again: boolean;
  /** How long the service asked us to wait, in milliseconds, where it did. */
  readonly waitMs?: number | undefined;
}

const firstWaitMs = 500;
const longestWaitMs = 8_000;
/** A service that asks for more is treated as down: the call fails and the run can go on. */
const longestAskedWaitMs = 120_000;
const jitter = seededRandom("retry jitter");

/**
 * Runs `attempt` until it succeeds, `judge` says not to try again, or `retries` further attempts are used up;
 * then throws the last error. Waits as long as the service asked, else 0.5 s doubled each time up to 8 s, less
 * up to a quarter of it, so that calls that failed together do not come back together.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  options: { retries: number; judge: (error: unknown) => Verdict; signal?: AbortSignal | undefined },
): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      options.signal?.throwIfAborted();
      const { again, waitMs } = options.judge(error);
      if (!again || n >= options.retries || (waitMs ?? 0) > longestAskedWaitMs) throw error;
      const backoff = Math.min(firstWaitMs * 2 ** n, longestWaitMs) * (1 - jitter.random() / 4);
      await sleep(waitMs ?? backoff, undefined, { signal: options.signal });
    }
  }
}
