import { RE2JS } from "re2js";

/** The longest regular expression that is taken, in characters. */
const longest = 500;

/**
 * A regular expression that somebody else wrote, made ready to run: in time linear in the text, whatever it is (RE2's
 * syntax and automaton; no look-around, no back-references). `^` and `$` are the ends of lines.
 *
 * @throws {SyntaxError} If it is none, or is too long.
 */
export function safeRegex(source: string): RE2JS {
  const wanted = `RE2's syntax is wanted (no look-around, no back-references), ${longest} characters at most`;
  if (source.length > longest) {
    throw new SyntaxError(`Cannot read a regular expression of ${source.length} characters: ${wanted}`);
  }
  try {
    return RE2JS.compile(source, RE2JS.MULTILINE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`Cannot read the regular expression "${source}": ${reason}; ${wanted}`);
  }
}

export function isSafeRegex(source: string): boolean {
  try {
    safeRegex(source);
    return true;
  } catch {
    return false;
  }
}
