/** Numbers of weights that were never trained: normal, of the mean and deviation that the trained ones have. */
import { openFile } from "../../formats/file-source.js";
import { bfloatToFloat, floatToBfloat, floatToHalf, halfToFloat } from "../../formats/half.js";
import type { Random } from "../../random.js";
import { normalDraw } from "../../stats/gamma-draw.js";
import type { OutsidePlace } from "./outside-weights.js";

/** How the numbers of a tensor are stored. */
export interface WeightCodec {
  readonly bytes: 2 | 4;
  read(bytes: ArrayBuffer): Float32Array;
  write(numbers: Float32Array): Float32Array | Uint16Array;
}

/** By TensorProto.DataType: float32, float16, bfloat16. */
export const weightCodecs: Readonly<Record<number, WeightCodec>> = {
  1: { bytes: 4, read: (bytes) => new Float32Array(bytes), write: (numbers) => numbers },
  10: { bytes: 2, read: (bytes) => halfToFloat(new Uint16Array(bytes)), write: floatToHalf },
  16: { bytes: 2, read: (bytes) => bfloatToFloat(new Uint16Array(bytes)), write: floatToBfloat },
};

/** Numbers in memory at a time. */
const pieceLength = 1 << 20;

/** As many numbers as these bytes hold, drawn anew. */
export function redrawBytes(bytes: Uint8Array, codec: WeightCodec, random: Random): Uint8Array {
  const numbers = codec.read(bytes.slice().buffer);
  const moments = runningMoments();
  moments.add(numbers);
  return drawnBytes(numbers.length, codec, { moments, random });
}

/** The same of numbers in a file, which is read once for what they are like; a piece at a time. */
export async function* redrawFile(
  { file, offset, length }: OutsidePlace,
  codec: WeightCodec,
  random: Random,
): AsyncGenerator<Uint8Array> {
  const source = await openFile(file);
  const moments = runningMoments();
  const step = pieceLength * codec.bytes;
  try {
    for (let start = 0; start < length; start += step) {
      const bytes = await source.read(offset + start, offset + Math.min(length, start + step));
      moments.add(codec.read(bytes.buffer as ArrayBuffer));
    }
  } finally {
    await source.close();
  }
  const count = length / codec.bytes;
  for (let done = 0; done < count; done += pieceLength) {
    yield drawnBytes(Math.min(pieceLength, count - done), codec, { moments, random });
  }
}

interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

/** Mean and deviation of numbers that come in pieces (Chan, Golub and LeVeque 1983). */
function runningMoments(): Moments & { add(numbers: Float32Array): void } {
  let [count, mean, squares] = [0, 0, 0];
  return {
    get mean() {
      return mean;
    },
    get deviation() {
      return Math.sqrt(squares / count);
    },
    add(numbers) {
      const own = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
      const around = numbers.reduce((sum, number) => sum + (number - own) ** 2, 0);
      const all = count + numbers.length;
      squares += around + ((own - mean) ** 2 * count * numbers.length) / all;
      mean += ((own - mean) * numbers.length) / all;
      count = all;
    },
  };
}

function drawnBytes(
  count: number,
  codec: WeightCodec,
  { moments: { mean, deviation }, random }: { moments: Moments; random: Random },
): Uint8Array {
  const drawn = Float32Array.from({ length: count }, () => mean + deviation * normalDraw(random));
  const { buffer, byteOffset, byteLength } = codec.write(drawn);
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
