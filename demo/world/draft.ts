import type { Concept } from "./concepts.js";

/** A labelled stretch of a text; offsets are UTF-16 code units, `end` is exclusive. */
export interface Span {
  start: number;
  end: number;
  concept: Concept;
}

/** A finished piece of text with its labels. */
export interface Passage {
  text: string;
  spans: Span[];
}

/** Text under construction: it places articles and capitals, and keeps labels on their words. */
export class Draft {
  text = "";
  readonly spans: Span[] = [];
  readonly #sentenceCase: boolean;
  readonly #open: Span[] = [];
  #unplaced: Span[] = [];
  #article = false;
  #gap = false;

  /** With `sentenceCase`, the first letter of every sentence and line becomes a capital. */
  constructor(sentenceCase: boolean) {
    this.#sentenceCase = sentenceCase;
  }

  /** Appends text; an article that waits for its noun is decided by the first letter. */
  write(text: string): void {
    if (text === "") return;
    if (this.#gap) {
      this.#gap = false;
      if (!/^\s/.test(text) && !/\s$/.test(this.text)) this.text += " ";
    }
    if (this.#article) {
      this.#article = false;
      this.#place(startsWithVowelSound(text) ? "an " : "a ");
    }
    for (const span of this.#unplaced) span.start = this.text.length;
    this.#unplaced = [];
    this.#place(text);
  }

  /** Sees to it that what is written next does not stick to what is there. */
  gap(): void {
    this.#gap = true;
  }

  /** Asks for "a" or "an" before the next word. */
  article(): void {
    for (const span of this.#unplaced) span.start = this.text.length;
    this.#unplaced = [];
    this.#article = true;
  }

  /** Starts a label at the next written character. */
  open(concept: Concept): void {
    const span = { start: this.text.length, end: -1, concept };
    this.#open.push(span);
    this.#unplaced.push(span);
  }

  /** Ends the label opened last; labels on nothing are dropped. */
  close(): void {
    const span = this.#open.pop();
    if (span === undefined) throw new RangeError("Cannot close a label: none is open");
    this.#unplaced = this.#unplaced.filter((other) => other !== span);
    span.end = this.text.length;
    if (span.end > span.start) this.spans.push(span);
  }

  /** Appends a finished passage with its labels. */
  append(passage: Passage): void {
    this.write(passage.text);
    const offset = this.text.length - passage.text.length;
    for (const span of passage.spans) {
      this.spans.push({ ...span, start: span.start + offset, end: span.end + offset });
    }
  }

  #place(text: string): void {
    this.text += this.#sentenceCase && this.#atSentenceStart() ? capitalise(text) : text;
  }

  #atSentenceStart(): boolean {
    let last = this.text.length - 1;
    if (this.text[last] === '"' && (last === 0 || /\s/.test(this.text[last - 1] ?? ""))) last--;
    if (last < 0 || this.text[last] === "\n") return true;
    return this.text[last] === " " && ".!?".includes(this.text[last - 1] ?? "x");
  }
}

/** Makes the first letter a capital, also behind an opening quotation mark. */
export function capitalise(text: string): string {
  const at = text.startsWith('"') ? 1 : 0;
  return text.slice(0, at) + text.charAt(at).toUpperCase() + text.slice(at + 1);
}

function startsWithVowelSound(text: string): boolean {
  if (/^(hour|honest|heir|8|11\b|18\b)/i.test(text)) return true;
  return /^[aeiou]/i.test(text) && !/^(uni|use|usual|one\b|euro|ewe)/i.test(text);
}
