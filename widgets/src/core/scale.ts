import type { HeatmapView } from "../../../src/report/heatmap-state.js";
import { stepCount } from "./palette.js";

export type ScaleName = HeatmapView["scale"];

/** Where a value stands between nothing and the maximum, in [0, 1]; values beyond the ends are clamped. */
export function scalePosition(value: number, max: number, scale: ScaleName): number {
  const share = max > 0 ? Math.min(1, Math.max(0, value / max)) : 0;
  return scale === "log" ? Math.log10(1 + 9 * share) : share;
}

/** The value at a position of the scale: the inverse of {@link scalePosition}. */
export function scaleValue(position: number, max: number, scale: ScaleName): number {
  return max * (scale === "log" ? (10 ** position - 1) / 9 : position);
}

/** The colour step of a value: 0 where the latent does not fire, else 1 (weakest) to 16. */
export function scaleStep(value: number, max: number, scale: ScaleName): number {
  if (!(value > 0)) return 0;
  return Math.max(1, Math.ceil(scalePosition(value, max, scale) * stepCount - 1e-9));
}

/** Three significant digits, no exponent for the numbers that activations have: `12.3`, `0.0814`. */
export function formatValue(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A share as a percentage of two digits: `0.24 %`. */
export function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
