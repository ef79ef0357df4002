/** A text cut into words and signs, as patterns see it. */
export interface Document {
  readonly text: string;
  /** The text in small letters, of the same length. */
  readonly lower: string;
  readonly units: readonly Unit[];
  /** For each UTF-16 offset the index of its unit, or -1 for space. */
  readonly unitAt: Int32Array;
  /** The model's tokens, where they are known. */
  readonly tokens?: DocumentTokens | undefined;
}

export interface DocumentTokens {
  readonly pieces: readonly string[];
  /** Offset at which each begins. */
  readonly starts: Int32Array;
  /** Position of the first one in its context. */
  readonly first: number;
}

/** A word, a number, a run of line breaks (as one `\n`), or one other sign. */
export interface Unit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly lower: string;
  readonly kind: "word" | "number" | "break" | "sign";
}

const unit =
  /(?<word>[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*)|(?<number>\p{N}+(?:[.,:]\p{N}+)*)|(?<break>[\n\r]+(?:[ \t]*[\n\r]+)*)|[^\s]/gu;

/** Cuts a text into words and signs. */
export function segment(text: string): Document {
  const lower = sameLengthLower(text);
  const units: Unit[] = [];
  const unitAt = new Int32Array(text.length).fill(-1);
  for (const match of text.matchAll(unit)) {
    const start = match.index;
    const end = start + match[0].length;
    const kind = kindOf(match.groups);
    unitAt.fill(units.length, start, end);
    const own = kind === "break" ? "\n" : match[0];
    units.push({ start, end, kind, text: own, lower: kind === "break" ? "\n" : lower.slice(start, end) });
  }
  return { text, lower, units, unitAt };
}

/** Cuts a window into words and signs, and keeps its tokens. */
export function segmentTokens(
  pieces: readonly string[],
  first = 0,
): Document & { readonly tokens: DocumentTokens } {
  const starts = new Int32Array(pieces.length);
  let text = "";
  pieces.forEach((piece, i) => {
    starts[i] = text.length;
    text += piece;
  });
  return { ...segment(text), tokens: { pieces, starts, first } };
}

function kindOf(groups: Record<string, string | undefined> | undefined): Unit["kind"] {
  if (groups?.word !== undefined) return "word";
  if (groups?.number !== undefined) return "number";
  return groups?.break !== undefined ? "break" : "sign";
}

/** A few capitals have small forms of another length; they are kept, so that offsets hold. */
function sameLengthLower(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return [...text].map((c) => (c.toLowerCase().length === c.length ? c.toLowerCase() : c)).join("");
}
