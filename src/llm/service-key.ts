import { ModelCallError } from "../errors.js";

/**
 * A key as it is sent: without the line feed of the file that it was read from. The same is then looked for where a server
 * repeats it.
 *
 * @throws {ModelCallError} If no header can carry it (`scope` is `stop`), without showing it.
 */
export function serviceKey(given: string, model: string): string {
  const key = given.trim();
  const odd = key.search(/[^\x21-\x7e]/);
  if (odd < 0) return key;
  throw new ModelCallError(
    `Cannot use "${model}": character ${odd + 1} of its API key cannot be sent, perhaps a curly quote, a space or a line break; copy the key again`,
    "stop",
  );
}
