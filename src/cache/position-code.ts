/**
 * Ascending positions as bytes: the gap before each (0 where it follows its predecessor) in base 128, low
 * digits first, the high bit of a byte set where more follow (LEB128). Gaps of latents that fire now and then
 * take one or two bytes instead of four.
 */

/** The most bytes that a position takes: gaps are below 2^32. */
export const longestCode = 5;

/**
 * Writes `positions[from]` to `positions[to - 1]`, which ascend, into `bytes` from `at`.
 *
 * @param target `before`: the latent's position before these. Default: they are its first.
 * @returns Where they end.
 */
export function encodePositions(
  positions: Uint32Array,
  { from, to }: { from: number; to: number },
  { bytes, at, before = -1 }: { bytes: Uint8Array; at: number; before?: number | undefined },
): number {
  let next = before + 1;
  let end = at;
  for (let row = from; row < to; row++) {
    const position = positions[row] as number;
    let gap = position - next;
    next = position + 1;
    while (gap >= 128) {
      bytes[end++] = (gap & 127) | 128;
      gap = gap >= 2 ** 31 ? Math.floor(gap / 128) : gap >> 7;
    }
    bytes[end++] = gap;
  }
  return end;
}

/**
 * The `count` positions that `bytes` hold, exactly; `undefined` where they hold more, fewer, or one that is not
 * below `limit`.
 */
export function decodePositions(bytes: Uint8Array, count: number, limit: number): Uint32Array | undefined {
  if (count > bytes.length) return undefined;
  const positions = new Uint32Array(count);
  let next = 0;
  let at = 0;
  for (let row = 0; row < count; row++) {
    let byte = bytes[at++] as number;
    let gap = byte;
    if (byte >= 128) {
      gap = byte - 128;
      for (let scale = 128; byte >= 128; scale *= 128) {
        if (at === bytes.length || scale > limit) return undefined;
        byte = bytes[at++] as number;
        gap += (byte & 127) * scale;
      }
    }
    const position = next + gap;
    if (position >= limit || at > bytes.length) return undefined;
    positions[row] = position;
    next = position + 1;
  }
  return at === bytes.length ? positions : undefined;
}
