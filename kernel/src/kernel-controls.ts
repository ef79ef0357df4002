import { type KernelSettings, outputLimit } from "./kernel-settings.js";
import { typeCheckMode } from "./type-check.js";

/** `kernel` in cells: plain functions where other kernels have magics. */
export interface KernelControls {
  /** What happens with errors of type, from the next cell on. */
  readonly typeCheck: (mode: "warn" | "error" | "off") => void;
  /** How many characters one cell may print, and one value may be shown with, from now on. */
  readonly outputLimit: (characters: number) => void;
}

/** @param change Takes a changed setting to where it counts. */
export function kernelControls(change: (settings: Partial<KernelSettings>) => void): KernelControls {
  return Object.freeze({
    typeCheck: (mode: unknown) => change({ typeCheck: typeCheckMode(mode) }),
    outputLimit: (characters: unknown) => change({ outputLimit: outputLimit(characters) }),
  });
}
