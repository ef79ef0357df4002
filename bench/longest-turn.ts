import { readFileSync } from "node:fs";

/** How often the event loop is looked at, in milliseconds. */
const every = 5;

export interface Turns {
  /** The longest that a timer waited beyond its time, by the clock. */
  readonly clock: number;
  /** The most processor time that the thread used between two looks: what other jobs take is not in it. Linux only. */
  readonly cpu: number | undefined;
}

/** Watches how long the event loop is held, in milliseconds, until it is asked. */
export function longestTurn(): () => Turns {
  let [clock, cpu] = [0, threadTime() === undefined ? undefined : 0];
  let last = { clock: performance.now(), cpu: threadTime() };
  const look = () => {
    const now = { clock: performance.now(), cpu: threadTime() };
    clock = Math.max(clock, now.clock - last.clock - every);
    if (cpu !== undefined) cpu = Math.max(cpu, (now.cpu ?? 0) - (last.cpu ?? 0));
    last = now;
  };
  const timer = setInterval(look, every);
  return () => {
    look();
    clearInterval(timer);
    return { clock, cpu };
  };
}

/** Milliseconds that this thread has computed. */
function threadTime(): number | undefined {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[0]) / 1e6;
  } catch {
    return undefined;
  }
}
