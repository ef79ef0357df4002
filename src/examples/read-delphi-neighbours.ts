import { FileError } from "../errors.js";
import { readJsonFile } from "../formats/json-file.js";
import type { Neighbour } from "./neighbours.js";

/**
 * Neighbours that delphi found: a file `neighbours/<hookpoint>-<type>.json` of its results. By latent, best first.
 *
 * @throws {FileError} If there is no such file, or it is of another form.
 */
export async function readDelphiNeighbours(path: string): Promise<Map<number, Neighbour[]>> {
  const lists = await readJsonFile(path);
  if (lists === undefined)
    throw new FileError(`Cannot read neighbours "${path}": there is no such file`, path);
  return new Map(
    Object.entries(lists).map(([latent, list]) => {
      if (/^\d+$/.test(latent) && Array.isArray(list) && list.every(isPair)) {
        return [Number(latent), list.map(([similarity, index]) => ({ similarity, index }))];
      }
      throw new FileError(
        `Cannot read neighbours "${path}": of "${latent}" pairs of similarity and latent are wanted, as delphi writes them`,
        path,
      );
    }),
  );
}

function isPair(pair: unknown): pair is [similarity: number, index: number] {
  return Array.isArray(pair) && typeof pair[0] === "number" && Number.isInteger(pair[1]);
}
