import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { CellSource } from "./cell-stacks.js";
import { eraseTypes } from "./erase.js";

/**
 * A TypeScript file as it was typed, for an error in it.
 *
 * @param url As the module hooks made it, with the time of change; nothing when the file has changed since.
 */
export function importedSource(url: string): CellSource | undefined {
  if (!known.has(url)) known.set(url, readSource(url));
  return known.get(url);
}

/** Sources that were asked for; stacks ask often. */
const known = new Map<string, CellSource | undefined>();

function readSource(url: string): CellSource | undefined {
  const [file = "", changed] = url.split("?changed=");
  try {
    const path = fileURLToPath(file);
    if (statSync(path).mtimeMs !== Number(changed)) return undefined;
    const text = readFileSync(path, "utf8");
    return { text, original: eraseTypes(text).original };
  } catch {
    return undefined;
  }
}
