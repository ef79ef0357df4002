/** Damage to bytes, drawn from a seed: what happens to files, and what attackers do to them. */
import type { Random } from "../../src/random.js";

const telling = [0, 1, 0x7f, 0x80, 0xff];
const words = ["-1", "0", "1e999", "9007199254740993", "null", "[]", "{}", '""', "../../x", "\u0000"];

/** A copy of `bytes` with one to four faults. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let damaged = Buffer.from(bytes);
  const faults = 1 + random.integer(4);
  for (let i = 0; i < faults; i++) damaged = random.pick(kinds)(damaged, random);
  return new Uint8Array(damaged);
}

type Fault = (bytes: Buffer<ArrayBuffer>, random: Random) => Buffer<ArrayBuffer>;

const kinds: readonly Fault[] = [
  function flipBit(bytes, random) {
    if (bytes.length > 0) bytes[place(bytes, random)] ^= 1 << random.integer(8);
    return bytes;
  },
  function setByte(bytes, random) {
    if (bytes.length > 0) bytes[place(bytes, random)] = random.pick(telling);
    return bytes;
  },
  function setWord(bytes, random) {
    const width = random.pick([2, 4, 8]);
    if (bytes.length < width) return bytes;
    const start = Math.min(place(bytes, random), bytes.length - width);
    bytes.fill(random.pick(telling), start, start + width);
    return bytes;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.integer(bytes.length + 1));
  },
  function leaveOut(bytes, random) {
    const start = place(bytes, random);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + random.integer(16))]);
  },
  function repeat(bytes, random) {
    const start = place(bytes, random);
    const part = bytes.subarray(start, start + 1 + random.integer(64));
    return Buffer.concat([bytes.subarray(0, start), part, bytes.subarray(start)]);
  },
  function insertWord(bytes, random) {
    const start = place(bytes, random);
    return Buffer.concat([bytes.subarray(0, start), Buffer.from(random.pick(words)), bytes.subarray(start)]);
  },
  function replaceNumber(bytes, random) {
    const text = bytes.subarray(0, 4096).toString("latin1");
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { index, 0: found } = random.pick(numbers);
    const rest = bytes.subarray(index + found.length);
    return Buffer.concat([bytes.subarray(0, index), Buffer.from(random.pick(words)), rest]);
  },
];

/** Half of the faults in the first 512 bytes or the last 512, where tables and headers are. */
function place(bytes: Uint8Array, random: Random): number {
  const edge = Math.min(bytes.length, 512);
  const where = random.integer(4);
  if (where === 0) return random.integer(edge);
  return where === 1 ? bytes.length - 1 - random.integer(Math.max(1, edge)) : random.integer(bytes.length);
}
