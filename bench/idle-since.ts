import { cpus } from "node:os";

/** Share of all cores that was idle since `before` (of `cpus()`): the load of others on the machine. */
export function idleSince(before: ReturnType<typeof cpus>): number {
  let [idle, all] = [0, 0];
  for (const [i, { times }] of cpus().entries()) {
    for (const [name, spent] of Object.entries(times)) {
      const during = spent - (before[i]?.times[name as keyof typeof times] ?? 0);
      if (name === "idle") idle += during;
      all += during;
    }
  }
  return idle / all;
}
