import type { LatentCache } from "../cache/latent-cache.js";
import { strongestFirst } from "./delphi-windows.js";
import type { LatentExamples, Window } from "./example.js";
import type { NegativeWindow } from "./negative-ladder.js";
import type { Neighbour } from "./neighbours.js";
import { activationsAt, readWindow } from "./read-window.js";
import { type FiringWindow, type WindowGrid, windows } from "./windows.js";

export interface DelphiNegativesOptions {
  /** Of the latent, best first: of `readDelphiNeighbours`, `coOccurrence` or `neighbours`. */
  neighbours: readonly Neighbour[];
  /** No further neighbour is looked at from so many windows on. Default: 50. */
  count?: number | undefined;
  /** What kind of neighbours they are. Default: `co-active`. */
  kind?: "co-active" | "encoder-neighbour" | "decoder-neighbour" | undefined;
}

/** From each neighbour. */
const most = 10;

/**
 * Silent windows as delphi draws them where `non_activating_source` is `neighbours`, to be put in the place of `nonActivating`:
 * the ten strongest tiles of each neighbour in which the latent is silent. May be nine more than asked for, and the same window
 * more than once. Where there are none, the random ones that the examples have.
 *
 * @param examples Of `sampleExamples(cache, latent, { compat: "delphi" })`.
 * @see EleutherAI/delphi at 3c2e139: latents/constructors.py.
 */
export function delphiNegatives(
  cache: LatentCache,
  { latent, windowLength, nonActivating }: Pick<LatentExamples, "latent" | "windowLength" | "nonActivating">,
  { neighbours, count = 50, kind = "co-active" }: DelphiNegativesOptions,
): readonly Window[] {
  const grid: WindowGrid = { windowLength, contextLength: cache.contextLength, firstPosition: 0 };
  const rows = cache.read(latent.index);
  const name = ({ context, start }: FiringWindow) => `${context} ${start}`;
  const firing = new Set(windows(rows, grid).map(name));
  const chosen: NegativeWindow[] = [];
  for (const { index } of neighbours) {
    if (chosen.length >= count) break;
    const its = cache.read(index);
    const silent = windows(its, grid).filter((place) => !firing.has(name(place)));
    for (const place of strongestFirst(silent).slice(0, most)) {
      const other = { index, activations: activationsAt(its, place, cache) };
      chosen.push({ ...readWindow(cache, place, rows), kind, other });
    }
  }
  return chosen.length > 0 ? chosen : nonActivating;
}
