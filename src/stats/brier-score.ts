/**
 * Mean squared distance of probabilities from what came true: 0 is perfect, saying 0.5 always gives 0.25.
 *
 * @param probabilities In [0, 1].
 * @throws {RangeError} If there are none, the lists differ in length, or a probability is outside [0, 1].
 * @see Brier 1950, in its form for two classes.
 */
export function brierScore(probabilities: ArrayLike<number>, truths: readonly boolean[]): number {
  const n = probabilities.length;
  if (n === 0 || n !== truths.length) {
    throw new RangeError(`Cannot give a Brier score of ${n} probabilities and ${truths.length} truths`);
  }
  let sum = 0;
  truths.forEach((truth, i) => {
    const probability = probabilities[i];
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(
        `Cannot give a Brier score of the probability ${probability}: it must be in [0, 1]`,
      );
    }
    sum += (probability - (truth ? 1 : 0)) ** 2;
  });
  return sum / n;
}
