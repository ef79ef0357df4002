import type { Stats } from "node:fs";

/** What tells a file from one that was written since: its size and time. One that is not there has a state, too. */
export function fileState(found: Pick<Stats, "size" | "mtimeMs"> | undefined): string {
  return `${found?.size} ${found?.mtimeMs}`;
}
