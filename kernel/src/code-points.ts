/** The protocol counts cursor positions in code points (since 5.2), JavaScript in UTF-16 units. */

/** UTF-16 offset of a position in code points. */
export function utf16Offset(text: string, codePoints: number): number {
  let offset = 0;
  for (let i = 0; i < codePoints && offset < text.length; i++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

/** Position in code points of a UTF-16 offset. */
export function codePointOffset(text: string, utf16: number): number {
  return [...text.slice(0, utf16)].length;
}
