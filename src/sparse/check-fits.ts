import { HookpointError } from "../errors.js";
import type { SubjectModel } from "../model/subject-model.js";
import type { SparseCoder } from "./sparse-coder.js";

/**
 * Checks that a coder can read this model: the hookpoint exists and is as wide as its input.
 * A coder of another model of the same width passes: only its reconstruction error would tell.
 *
 * @throws {HookpointError} If it cannot; `available` lists the hookpoints of the coder's width.
 */
export function checkFits(model: SubjectModel, coder: SparseCoder): void {
  const found = model.hookpoints.find(({ name }) => name === coder.hookpoint);
  if (found?.width === coder.dModel) return;
  const fitting = model.hookpoints.filter(({ width }) => width === coder.dModel).map(({ name }) => name);
  const several = coder.hookpoint.split("+").length;
  if (several > 1) {
    throw new HookpointError(
      `Cannot use the sparse coder "${coder.name}" at "${coder.hookpoint}" of "${model.name}": it reads ${several} hookpoints at once, which caches do not; join their activations and call encode() yourself`,
      fitting,
    );
  }
  const reason = found
    ? `there it has ${found.width} numbers per position, the coder takes ${coder.dModel}`
    : `the model has no such hookpoint`;
  const advice =
    fitting.length > 0
      ? `hookpoints of that width are ${fitting.slice(0, 8).join(", ")}${fitting.length > 8 ? ", …" : ""}`
      : "load a coder that was trained on this model";
  throw new HookpointError(
    `Cannot use the sparse coder "${coder.name}" at "${coder.hookpoint}" of "${model.name}": ${reason}; ${advice}`,
    fitting,
  );
}
