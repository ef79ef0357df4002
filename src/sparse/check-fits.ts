import { HookpointError } from "../errors.js";
import type { SubjectModel } from "../model/subject-model.js";
import { hookpointsOf } from "./joined-hookpoints.js";
import type { SparseCoder } from "./sparse-coder.js";

/**
 * Checks that a coder can read this model: its hookpoints exist and are together as wide as its input.
 * A coder of another model of the same width passes: only its reconstruction error would tell.
 *
 * @throws {HookpointError} If it cannot; `available` lists the hookpoints that have its width, or their part of it.
 */
export function checkFits(model: SubjectModel, coder: SparseCoder): void {
  const names = hookpointsOf(coder);
  const widths = names.map((name) => model.hookpoints.find((hookpoint) => hookpoint.name === name)?.width);
  const isTwice = new Set(names).size < names.length;
  const width = widths.reduce((a, b) => (a ?? Number.NaN) + (b ?? Number.NaN));
  if (width === coder.dModel && !isTwice) return;
  const fitting = model.hookpoints
    .filter((hookpoint) => hookpoint.width === coder.dModel / names.length)
    .map(({ name }) => name);
  const missing = names.find((_, i) => widths[i] === undefined);
  const reason = isTwice
    ? "it reads one place of several models, and one model is given; join their activations and call encode() yourself"
    : missing === undefined
      ? `there it has ${width} numbers per position, the coder takes ${coder.dModel}`
      : `the model has no such hookpoint${names.length > 1 ? ` as ${missing}` : ""}`;
  throw new HookpointError(
    `Cannot use the sparse coder "${coder.name}" at "${coder.hookpoint}" of "${model.name}": ${reason}; ${adviceOf(fitting)}`,
    fitting,
  );
}

function adviceOf(fitting: readonly string[]): string {
  if (fitting.length === 0) return "load a coder that was trained on this model";
  return `hookpoints of that width are ${fitting.slice(0, 8).join(", ")}${fitting.length > 8 ? ", …" : ""}`;
}
