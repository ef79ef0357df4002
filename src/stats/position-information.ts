/**
 * Mutual information, in nats, of whether a latent fires with the position in the context, all positions being equally
 * frequent: the mean over positions of fr_p·ln(fr_p / fr) + (1 − fr_p)·ln((1 − fr_p) / (1 − fr)).
 *
 * @param firing For each position, in how many contexts the latent fires there.
 * @param contexts Number of contexts.
 * @returns >= 0. Chance alone gives about 1 / (2 · contexts) where it fires often; with few contexts that matters.
 * @throws {RangeError} If there are no positions or contexts, or a count exceeds the contexts.
 * @see Voita, Ferrando and Nalmpantis 2023 (arXiv 2309.04827), 5.1; above 0.05 they call a neuron positional.
 */
export function positionInformation(firing: ArrayLike<number>, contexts: number): number {
  const counts = Array.from(firing);
  if (counts.length === 0 || !(contexts > 0) || counts.some((count) => !(count >= 0 && count <= contexts))) {
    throw new RangeError(
      `Cannot measure information on ${counts.length} positions of ${contexts} contexts: counts from 0 to the contexts are wanted`,
    );
  }
  const shares = counts.map((count) => count / contexts);
  const overall = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  const total = shares.reduce((sum, share) => sum + gain(share, overall) + gain(1 - share, 1 - overall), 0);
  return Math.max(0, total / shares.length);
}

function gain(share: number, overall: number): number {
  return share === 0 ? 0 : share * Math.log(share / overall);
}
