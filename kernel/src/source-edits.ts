/**
 * Edits of a source text that keep its lines where they are.
 *
 * Cells are rewritten before they run, and errors must still point at what the user typed. Every edit keeps the number
 * of line breaks of what it replaces, so only columns move, and only behind an edit on the same line. The list of
 * edits is enough to move a column back.
 */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A position in a text; both numbers count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A text under edit; offsets are always those of the original. */
export class SourceEdits {
  readonly source: string;
  readonly #edits: Edit[] = [];

  constructor(source: string) {
    this.source = source;
  }

  /** Replaces `[start, end)`; line breaks that the new text lacks are added behind it. */
  replace(start: number, end: number, text: string): void {
    const missing = count(this.source.slice(start, end), "\n") - count(text, "\n");
    this.#edits.push({ start, end, text: text + "\n".repeat(Math.max(0, missing)) });
  }

  /** Inserts before `offset`. */
  insert(offset: number, text: string): void {
    this.#edits.push({ start: offset, end: offset, text });
  }

  /** Replaces `[start, end)` by blanks, the first of which may be `lead`; columns stay. */
  blank(start: number, end: number, lead = ""): void {
    const blanks = this.source.slice(start, end).replace(/[^\n]/g, " ");
    this.#edits.push({ start, end, text: (lead + blanks.slice(lead.length)).slice(0, end - start) });
  }

  /** The edited text. Edits must not overlap. */
  toString(): string {
    let text = "";
    let at = 0;
    for (const edit of this.#sorted()) {
      text += this.source.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    return text + this.source.slice(at);
  }

  /** Where an offset lies in the edited text: behind what is inserted there, unless `before` that. */
  generated(offset: number, { before = false } = {}): number {
    return this.#edits
      .filter(({ start, end }) => end < offset || (end === offset && !(before && start === end)))
      .reduce((moved, { start, end, text }) => moved + text.length - (end - start), offset);
  }

  /** Moves a position in the edited text back to the original. */
  original({ line, column }: Position): Position {
    const lineStart = offsetOfLine(this.source, line);
    let moved = 0;
    for (const edit of this.#sorted()) {
      if (edit.end < lineStart || edit.start < lineStart) continue;
      const generated = edit.start - lineStart + moved;
      if (generated >= column - 1) break;
      const inside = column - 1 - generated < edit.text.length;
      if (inside && edit.end > edit.start) return { line, column: edit.start - lineStart + 1 };
      moved += Math.min(edit.text.length, column - 1 - generated) - (edit.end - edit.start);
    }
    return { line, column: Math.max(1, column - moved) };
  }

  #sorted(): Edit[] {
    return [...this.#edits].sort((a, b) => a.start - b.start || a.end - b.end);
  }
}

/** Offset at which a line (from 1) starts; the end of the text when there are fewer lines. */
export function offsetOfLine(text: string, line: number): number {
  let offset = 0;
  for (let i = 1; i < line; i++) {
    const next = text.indexOf("\n", offset);
    if (next < 0) return text.length;
    offset = next + 1;
  }
  return offset;
}

/** Position (from 1) of an offset. */
export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: count(before, "\n") + 1, column: offset - before.lastIndexOf("\n") };
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
