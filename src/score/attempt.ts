import { isSaelabError } from "../errors.js";
import type { Outcome } from "../llm/outcome.js";

/**
 * What a call gives. A call that cannot be made (a text longer than the model reads) or that failed is an outcome, so that
 * one scorer's failure loses no other score; what stops the run is thrown.
 */
export async function attempt<T>(call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { status: "ok", value: await call() };
  } catch (error) {
    if (error instanceof RangeError) return { status: "failed", reason: error.message, lasting: true };
    if (!isSaelabError(error, "ModelCallError") || error.scope === "stop") throw error;
    return { status: "failed", reason: error.message };
  }
}
