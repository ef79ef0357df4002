import { type TypeCheckMode, typeCheckMode } from "./type-check.js";

/** What a notebook can change while the kernel runs, by `kernel.…()` in a cell. */
export interface KernelSettings {
  readonly typeCheck: TypeCheckMode;
  /** Characters that one cell may print, and that one MIME type of one output may have. */
  readonly outputLimit: number;
}

/** Settings at the start: an argument of the kernel counts, then `SAELAB_TYPE_CHECK` and `SAELAB_OUTPUT_LIMIT`. */
export function initialSettings(
  flags: { readonly "type-check"?: string | undefined },
  env: NodeJS.ProcessEnv,
): KernelSettings {
  return {
    typeCheck: typeCheckMode(flags["type-check"] ?? env.SAELAB_TYPE_CHECK ?? "warn"),
    outputLimit: outputLimit(env.SAELAB_OUTPUT_LIMIT ?? 5_000_000),
  };
}

/** @throws {RangeError} When it is no positive number; `Infinity` is one. */
export function outputLimit(value: unknown): number {
  const characters = Number(value);
  if (characters > 0) return characters;
  throw new RangeError(`Cannot limit output to "${value}" characters: give a positive number, or Infinity`);
}
