import type { LatentActivations, LatentCache } from "../cache/latent-cache.js";
import type { LatentExamples, Window } from "./example.js";
import { NearIndex } from "./near-index.js";
import type { Place } from "./read-window.js";
import { documentGroups } from "./split-documents.js";
import { tokenKeys } from "./window-order.js";
import { firstRowFrom, type WindowGrid, windows } from "./windows.js";

/** Examples as far as negatives must keep away from them. */
export type SeenExamples = Pick<
  LatentExamples,
  "latent" | "train" | "contrast" | "select" | "selectNonActivating" | "calibrate" | "windowLength"
>;

/**
 * Lets through what may stand against an explanation: windows in which the latent is silent, whose tokens are not those of
 * a window in which it fires, from documents (and near-duplicates of them) that neither train, select nor calibrate
 * examples are from (nor the silent windows that stand beside these), that do not nearly equal one of them; each tokens once.
 */
export class NegativeSieve {
  readonly rows: LatentActivations;
  readonly grid: WindowGrid;
  /** Tokens of the windows in which the latent fires (`tokenKeys`). */
  readonly firing: ReadonlySet<number>;
  readonly #cache: LatentCache;
  readonly #taken = new Set<number>();
  readonly #near = new NearIndex();
  readonly #groups = new Set<number>();
  readonly #allowed: (place: Place) => boolean;

  /** @param allowed What else a place must be, e.g. of certain documents. */
  constructor(
    cache: LatentCache,
    { latent, windowLength, ...sets }: SeenExamples,
    allowed: (place: Place) => boolean = () => true,
  ) {
    this.#allowed = allowed;
    this.#cache = cache;
    this.rows = cache.read(latent.index);
    this.grid = { windowLength, contextLength: cache.contextLength, firstPosition: cache.firstPosition };
    this.firing = new Set(tokenKeys(cache, windows(this.rows, this.grid)));
    const { train, contrast = [], select = [], selectNonActivating = [], calibrate = [] } = sets;
    for (const window of [...train, ...contrast, ...select, ...selectNonActivating, ...calibrate]) {
      this.#near.add(window.tokens);
      for (const group of this.#groupsOf(placeOf(window))) this.#groups.add(group);
    }
  }

  /** Whether a place may be given, whatever else was. */
  allows(place: Place): boolean {
    if (!this.isSilent(place) || !this.#allowed(place)) return false;
    if (this.#groupsOf(place).some((group) => this.#groups.has(group))) return false;
    return !this.#near.has(this.#cache.tokens(place.context).subarray(place.start, place.end));
  }

  /** Whether a place may be given and nothing of equal tokens was; it is then given. */
  take(place: Place): boolean {
    const [key] = tokenKeys(this.#cache, [place]);
    if (this.firing.has(key) || this.#taken.has(key) || !this.allows(place)) return false;
    this.#taken.add(key);
    return true;
  }

  /** Whether the latent fires nowhere in a place. */
  isSilent({ context, start, end }: Place): boolean {
    const base = context * this.grid.contextLength;
    const row = firstRowFrom(this.rows, base + start);
    return row === this.rows.positions.length || this.rows.positions[row] >= base + end;
  }

  #groupsOf(place: Place): number[] {
    const { map, groups } = documentGroups(this.#cache);
    const [first, last] = map.of(place);
    return Array.from({ length: last - first + 1 }, (_, i) => groups[first + i]);
  }
}

function placeOf({ context, start, tokens }: Window): Place {
  return { context, start, end: start + tokens.length };
}
