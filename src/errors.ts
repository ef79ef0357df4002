/**
 * The errors that a caller may want to catch. Everything else is a built-in class by meaning:
 * `TypeError` wrong type, `RangeError` out of range, `SyntaxError` unparsable text.
 * Every message says what was attempted, on what, what was found, what was wanted, what to do.
 */

/** A hookpoint that the model lacks, or that a coder does not fit. `available` lists what there is. */
export class HookpointError extends Error {
  override readonly name = "HookpointError";
  readonly available: readonly string[];
  constructor(message: string, available: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.available = available;
  }
}

/** A file or folder that is missing, damaged, or not what it should be. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly path: string;
  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** A latent that fires in too few windows for the examples that are asked for: of this latent, nothing is to be had. */
export class TooFewWindowsError extends RangeError {
  override readonly name = "TooFewWindowsError";
}

/** A language-model reply that cannot be read as what was asked for. Keeps the reply. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
  readonly reply: string;
  readonly expected: string;
  constructor(message: string, reply: string, expected: string, options?: ErrorOptions) {
    super(message, options);
    this.reply = reply;
    this.expected = expected;
  }
}

/** A call to a language model that failed for good. `status` is the HTTP status where there was one. */
export class ModelCallError extends Error {
  override readonly name = "ModelCallError";
  readonly status: number | undefined;
  /** What the run should do: `retry` later, `stop` the whole run (key, money), or fail this `call` only. */
  readonly scope: "retry" | "stop" | "call";
  constructor(message: string, scope: "retry" | "stop" | "call", status?: number, options?: ErrorOptions) {
    super(message, options);
    this.scope = scope;
    this.status = status;
  }
}

const tagged = { HookpointError, FileError, ReplyError, ModelCallError, TooFewWindowsError };
type Tagged = typeof tagged;

/** Whether `error` is a saelab error of that name: narrows its type. */
export function isSaelabError<K extends keyof Tagged>(
  error: unknown,
  name: K,
): error is InstanceType<Tagged[K]> {
  return error instanceof Error && error.name === name;
}
