/** Explanations that are right, too broad, too narrow, of another latent, or blank: which of them a scorer tells apart. */
import type { LatentCache } from "../../src/cache/latent-cache.js";
import type { Scorer } from "../../src/score/scorer.js";
import { explanation } from "./made-examples.js";
import { type PlantedName, planted, plantedExamples, plantedNames } from "./planted-latents.js";

export const corruptions = ["broad", "narrow", "wrong", "blank"] as const;
export type Corruption = (typeof corruptions)[number];

/** Of one scorer on one latent: what each sentence scored; `undefined` where the judge could not answer. */
export interface GauntletRow {
  readonly latent: PlantedName;
  readonly right: number | undefined;
  readonly corrupted: Readonly<Record<Corruption, number | undefined>>;
}

/** Planted latents that a sentence about text describes. */
export const described = plantedNames.filter((name) => planted[name].right !== undefined);

/** Planted latents that none does. */
export const indescribable = plantedNames.filter((name) => planted[name].right === undefined);

/** Scores all sentences about each latent that has them. */
export async function gauntlet(cache: LatentCache, scorer: Scorer): Promise<GauntletRow[]> {
  const rows: GauntletRow[] = [];
  for (const latent of described) {
    const examples = plantedExamples(cache, latent);
    const value = async (text: string) =>
      (await scorer.score(explanation(text, examples.latent), examples)).value;
    const { right = "", broad = "", narrow = "" } = planted[latent];
    const corrupted = {
      broad: await value(broad),
      narrow: await value(narrow),
      wrong: await value(anotherRight(latent)),
      blank: await value(""),
    };
    rows.push({ latent, right: await value(right), corrupted });
  }
  return rows;
}

/** Whether a scorer puts the right sentence above a corrupted one; one that it cannot judge at all counts as below. */
export function tellsApart({ right, corrupted }: GauntletRow, corruption: Corruption): boolean {
  return right !== undefined && right > (corrupted[corruption] ?? Number.NEGATIVE_INFINITY);
}

/** The sentence about the next latent. */
export function anotherRight(name: PlantedName): string {
  const next = described[(described.indexOf(name) + 1) % described.length];
  return planted[next].right ?? "";
}
