import type { ClassCounts } from "./balanced-accuracy.js";
import type { Estimate } from "./estimate.js";
import { z95 } from "./wilson.js";

/**
 * A rate of yes from a judge who errs, corrected by how that judge did on items that people labelled:
 * (p + specificity − 1) / (sensitivity + specificity − 1).
 *
 * @param answers Items the judge said yes to (`right`), of all without a label.
 * @param judge The judge on labelled items: true yes said yes (`sensitivity`), true no said no (`specificity`).
 * @returns In [0, 1]. The interval carries the uncertainty of all three rates: normal, with pseudo-counts added to each
 *   and shifted to their centre. It does not shrink below what the labels allow.
 * @throws {RangeError} If a list is empty, or the judge does no better than chance on the labels.
 * @see Rogan and Gladen 1978; Lang and Reiczigel 2014 for the interval; Lee et al. 2025 (arXiv 2511.21140) for judges.
 */
export function roganGladen(
  answers: ClassCounts,
  { sensitivity, specificity, z = z95 }: { sensitivity: ClassCounts; specificity: ClassCounts; z?: number },
): Estimate {
  const gain = shareOf(sensitivity) + shareOf(specificity) - 1;
  if (gain <= 0) {
    throw new RangeError("Cannot correct a rate: on the labelled items the judge is no better than chance");
  }
  const value = clamp((shareOf(answers) + shareOf(specificity) - 1) / gain);
  const p = withPseudoCounts(answers, (z * z) / 2);
  const q1 = withPseudoCounts(sensitivity, 1);
  const q0 = withPseudoCounts(specificity, 1);
  const centre = (p.share + q0.share - 1) / (q1.share + q0.share - 1);
  const shift = 2 * z * z * (centre * q1.variance - (1 - centre) * q0.variance);
  const variance = p.variance + (1 - centre) ** 2 * q0.variance + centre ** 2 * q1.variance;
  const half = (z * Math.sqrt(variance)) / (q1.share + q0.share - 1);
  return { value, interval: [clamp(centre + shift - half), clamp(centre + shift + half)] };
}

function withPseudoCounts({ right, answered }: ClassCounts, each: number) {
  const n = answered + 2 * each;
  const share = (right + each) / n;
  return { share, variance: (share * (1 - share)) / n };
}

function shareOf({ right, answered }: ClassCounts): number {
  if (answered > 0) return right / answered;
  throw new RangeError("Cannot correct a rate: answers, yes labels and no labels must not be empty");
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
