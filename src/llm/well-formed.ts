/** The text with halves of surrogate pairs replaced: cut tokens may leave them, and services refuse them. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\u{FFFD}");
}
