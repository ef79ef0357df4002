import type { ClassCounts } from "./balanced-accuracy.js";
import { wilson, z95 } from "./wilson.js";

/**
 * Interval of the difference of two independent proportions, first minus second, by Newcombe's square-and-add of
 * their Wilson intervals.
 *
 * @returns `[low, high]` within [-1, 1].
 * @throws {RangeError} If one of them has no observations.
 * @see Newcombe 1998, method 10.
 */
export function differenceInterval(
  first: ClassCounts,
  second: ClassCounts,
  { z = z95 }: { z?: number } = {},
): [number, number] {
  if (first.answered === 0 || second.answered === 0) {
    throw new RangeError(
      "Cannot give an interval of a difference: one of the proportions has no observations",
    );
  }
  const [share1, share2] = [first.right / first.answered, second.right / second.answered];
  const [low1, high1] = wilson(first.right, first.answered, { z });
  const [low2, high2] = wilson(second.right, second.answered, { z });
  const difference = share1 - share2;
  return [
    difference - Math.hypot(share1 - low1, high2 - share2),
    difference + Math.hypot(high1 - share1, share2 - low2),
  ];
}
