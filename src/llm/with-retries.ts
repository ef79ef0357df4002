import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "../random.js";

/** What to do about a failed attempt. */
export interface Verdict {
  readonly again: boolean;
  /** How long the service asked us to wait, in milliseconds, where it did. */
  readonly waitMs?: number | undefined;
  /** Whether the attempt uses up none of the retries: nothing is wrong, it only has to wait its turn. */
  readonly free?: boolean;
}

const firstWaitMs = 500;
const longestWaitMs = 8_000;
/** A service that asks for more is treated as down: the call fails and the run can go on. */
export const longestAskedWaitMs = 120_000;
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
  for (let used = 0; ; ) {
    try {
      return await attempt();
    } catch (error) {
      options.signal?.throwIfAborted();
      const verdict = options.judge(error);
      const { waitMs = 0 } = verdict;
      if (!verdict.again || used >= options.retries || waitMs > longestAskedWaitMs) throw error;
      const backoff = Math.min(firstWaitMs * 2 ** used, longestWaitMs) * (1 - jitter.random() / 4);
      await sleep(verdict.waitMs ?? backoff, undefined, { signal: options.signal });
      if (!verdict.free) used++;
    }
  }
}
