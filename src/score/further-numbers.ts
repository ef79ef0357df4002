import type { Estimate } from "../stats/estimate.js";
import type { Score } from "./scorer.js";

/** Numbers beside a score's value, and the intervals of those that have one; a number that does not exist is left out. */
export function furtherNumbers(
  numbers: Readonly<Record<string, Estimate | number | undefined>>,
): Required<Pick<Score, "also" | "alsoIntervals">> {
  const also: Record<string, number> = {};
  const alsoIntervals: Record<string, readonly [number, number]> = {};
  for (const [name, found] of Object.entries(numbers)) {
    const value = typeof found === "object" ? found.value : found;
    if (value === undefined || !Number.isFinite(value)) continue;
    also[name] = value;
    if (typeof found === "object" && found.interval.every(Number.isFinite))
      alsoIntervals[name] = found.interval;
  }
  return { also, alsoIntervals };
}

/** An estimate on another scale, such as 2x − 1. */
export function rescaled({ value, interval: [low, high] }: Estimate, scale: (x: number) => number): Estimate {
  return { value: scale(value), interval: [scale(low), scale(high)] };
}
