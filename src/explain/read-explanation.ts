import { explanationTag } from "./top-activations-prompt.js";

/** How a question is read whose reply is an explanation and nothing else. */
export const explanationReading = {
  parser: "explanation 1",
  read: (reply: string) => ({ text: readExplanation(reply) }),
};

/**
 * Reads the explanation from a reply: what follows the last tag, as one line.
 *
 * @throws {SyntaxError} If there is no tag, or nothing behind it.
 */
export function readExplanation(reply: string): string {
  const at = reply.lastIndexOf(explanationTag);
  if (at < 0) {
    throw new SyntaxError(
      `Cannot read the explanation: the reply has no line that begins with ${explanationTag}`,
    );
  }
  const behind = reply.slice(at + explanationTag.length);
  const text = behind
    .replace(/^\s*\**\s*/, "")
    .replace(/\s+/g, " ")
    .trim();
  // A latent may well be explained by a sign alone, as “.”; bare marks of emphasis or a full stop say nothing.
  // Anchored, so that a long reply is gone through once.
  if (!/[\p{L}\p{N}]|^[^“"'‘`]*[“"'‘`].+[”"'’`]/u.test(text)) {
    throw new SyntaxError(`Cannot read the explanation: nothing follows ${explanationTag}`);
  }
  return text;
}
