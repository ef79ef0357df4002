/** A rating; `undefined` where a rater did not answer. */
export type Rating = number | undefined;

/**
 * Agreement of any number of raters beyond chance, gaps allowed: 1 − observed / expected disagreement, over pairs of
 * ratings of the same item and of any two items.
 *
 * @param items For each item the ratings it got; items with fewer than two are left out.
 * @param options.metric `nominal`: labels as numbers, equal or not; `interval`: squared distance. Default: `nominal`.
 * @returns At most 1; 0 is chance; NaN where all ratings are equal. For an interval, `bootstrap` the items.
 * @throws {RangeError} If no item has two ratings.
 * @see Krippendorff 2011, "Computing Krippendorff's alpha-reliability".
 */
export function krippendorffAlpha(
  items: readonly (readonly Rating[])[],
  { metric = "nominal" }: { metric?: "nominal" | "interval" } = {},
): number {
  const rated = items
    .map((ratings) => ratings.filter((rating) => rating !== undefined))
    .filter((ratings) => ratings.length >= 2);
  if (rated.length === 0) throw new RangeError("Cannot give an agreement: no item has two ratings");
  const all = rated.flat();
  const within = rated.reduce(
    (sum, ratings) => sum + disagreement(ratings, metric) / (ratings.length - 1),
    0,
  );
  const between = disagreement(all, metric) / (all.length - 1);
  return between === 0 ? Number.NaN : 1 - within / between;
}

/** Sum over ordered pairs of different ratings, from counts of equal ones or from moments. */
function disagreement(ratings: readonly number[], metric: "nominal" | "interval"): number {
  const n = ratings.length;
  if (metric === "interval") {
    const middle = ratings.reduce((sum, rating) => sum + rating, 0) / n;
    return 2 * n * ratings.reduce((sum, rating) => sum + (rating - middle) ** 2, 0);
  }
  const counts = new Map<number, number>();
  for (const rating of ratings) counts.set(rating, (counts.get(rating) ?? 0) + 1);
  return n * n - [...counts.values()].reduce((sum, count) => sum + count * count, 0);
}
