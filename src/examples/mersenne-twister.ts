/**
 * The generator of CPython and PyTorch, to draw what tools written for them draw. saelab's own draws are made by
 * `seededRandom`.
 */
const size = 624;
const shift = 397;

/** Unsigned numbers of 32 bits. */
type Source = () => number;

/** @see Matsumoto and Nishimura 1998; 32 bits, as in their reference implementation. */
function mersenneTwister(state: Uint32Array): Source {
  let index = size;
  return () => {
    if (index === size) {
      advance(state);
      index = 0;
    }
    let y = state[index++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

function advance(state: Uint32Array): void {
  for (let i = 0; i < size; i++) {
    const y = (state[i] & 0x80000000) | (state[(i + 1) % size] & 0x7fffffff);
    state[i] = state[(i + shift) % size] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}

function stateOf(seed: number): Uint32Array {
  const state = new Uint32Array(size);
  state[0] = seed;
  for (let i = 1; i < size; i++) {
    state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  }
  return state;
}

/** A seed of one word, spread by the reference implementation's `init_by_array`. */
function stateOfArray(word: number): Uint32Array {
  const state = stateOf(19650218);
  let i = 1;
  const next = () => {
    if (++i < size) return;
    state[0] = state[size - 1];
    i = 1;
  };
  for (let k = 0; k < size; k++, next()) {
    state[i] = (state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), 1664525)) + word;
  }
  for (let k = 1; k < size; k++, next()) {
    state[i] = (state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), 1566083941)) - i;
  }
  state[0] = 0x80000000;
  return state;
}

/** Python's `random` after `random.seed(seed)`. */
export interface PythonRandom {
  /** `random.sample(list, count)`. @throws {RangeError} If the list is shorter than that. */
  sample<T>(list: readonly T[], count: number): T[];
  /** `random.shuffle(list)`, on a copy. */
  shuffle<T>(list: readonly T[]): T[];
}

/** @param seed A whole number in [0, 2^32). */
export function pythonRandom(seed: number): PythonRandom {
  const source = mersenneTwister(stateOfArray(seed));
  const below = (n: number) => {
    const bits = 32 - Math.clz32(n);
    let drawn = source() >>> (32 - bits);
    while (drawn >= n) drawn = source() >>> (32 - bits);
    return drawn;
  };
  return {
    sample: (list, count) => pythonSample(list, count, below),
    shuffle(list) {
      const copy = [...list];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [copy[i], copy[j]] = [copy[j], copy[i]];
      }
      return copy;
    },
  };
}

/** Short lists are drawn from a pool, long ones by index until a new one comes: which of the two decides the result. */
function pythonSample<T>(list: readonly T[], count: number, below: (n: number) => number): T[] {
  const n = list.length;
  if (count > n) throw new RangeError(`Cannot sample ${count} of ${n}: ask for fewer`);
  const poolSize = 21 + (count > 5 ? 4 ** Math.ceil(Math.log(3 * count) / Math.log(4)) : 0);
  if (n <= poolSize) {
    const pool = [...list];
    return Array.from({ length: count }, (_, i) => {
      const j = below(n - i);
      const drawn = pool[j];
      pool[j] = pool[n - i - 1];
      return drawn;
    });
  }
  const taken = new Set<number>();
  while (taken.size < count) taken.add(below(n));
  return [...taken].map((i) => list[i]);
}

/** `torch.manual_seed(seed)`, then `torch.randint(0, n, (count,))` on the CPU, for n below 2^28. */
export function torchRandint(n: number, { count, seed }: { count: number; seed: number }): number[] {
  const source = mersenneTwister(stateOf(seed));
  return Array.from({ length: count }, () => source() % n);
}
