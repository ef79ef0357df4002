import { readFile } from "node:fs/promises";
import { FileError } from "../errors.js";

export type JsonObject = Record<string, unknown>;

/**
 * The JSON object in a file; `undefined` where there is no such file.
 *
 * @throws {FileError} If it cannot be read or is not a JSON object.
 */
export async function readJsonFile(path: string): Promise<JsonObject | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FileError(`Cannot read "${path}": ${(cause as Error).message}`, path, { cause });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (cause) {
    throw new FileError(`Cannot read "${path}": it is not JSON; fetch it again`, path, { cause });
  }
  throw new FileError(`Cannot read "${path}": a JSON object is wanted`, path);
}
