import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Neighbour } from "../../src/examples/neighbours.js";
import { realData } from "../shared-data.js";

/** delphi's neighbours of each latent, best first. */
export function delphiNeighbours(name: string): Neighbour[][] {
  const path = realData("delphi", "neighbours", `layers.2-${name}.json`);
  const lists: [string, [similarity: number, index: number][]][] = Object.entries(
    JSON.parse(readFileSync(path, "utf8")),
  );
  const result: Neighbour[][] = [];
  for (const [latent, list] of lists) {
    result[Number(latent)] = list.map(([similarity, index]) => ({ similarity, index }));
  }
  return result;
}

/** The same latents but for ties, with the same similarities to single precision. */
export function expectSame(ours: readonly Neighbour[], theirs: readonly Neighbour[]) {
  expect(ours.length).toBe(theirs.length);
  ours.forEach(({ index, similarity }, i) => {
    expect(similarity).toBeCloseTo(theirs[i].similarity, 5);
    const tied = [i - 1, i + 1].some((j) => Math.abs(similarity - (theirs[j]?.similarity ?? 9)) < 1e-6);
    if (!tied && i < theirs.length - 1) expect(index).toBe(theirs[i].index);
  });
}
