/** MurmurHash2, 32 bits (Austin Appleby's public-domain algorithm): how JupyterLab names the source of a cell. */
export function murmur2(text: string, seed: number): number {
  const bytes = new TextEncoder().encode(text);
  const whole = bytes.length & ~3;
  const view = new DataView(bytes.buffer);
  let hash = seed ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(view.getUint32(at, true), multiplier);
    word = Math.imul(word ^ (word >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  if (whole < bytes.length) {
    for (let at = bytes.length - 1; at >= whole; at--) hash ^= (bytes[at] ?? 0) << (8 * (at - whole));
    hash = Math.imul(hash, multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return (hash ^ (hash >>> 15)) >>> 0;
}

const multiplier = 0x5bd1e995;
