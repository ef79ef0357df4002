/** Collects the largest errors that golden tests saw and prints them as one table. */
export interface ErrorTable {
  /** The largest |found − wanted|, noted under a name. */
  note(name: string, found: ArrayLike<number>, wanted: ArrayLike<number>): number;
  print(title: string): void;
}

export function errorTable(): ErrorTable {
  const rows: { name: string; numbers: number; error: number }[] = [];
  return {
    note(name, found, wanted) {
      let error = found.length === wanted.length ? 0 : Number.POSITIVE_INFINITY;
      for (let i = 0; i < wanted.length; i++) {
        const difference = Math.abs(found[i] - wanted[i]);
        // NaN must not hide: it compares as false.
        if (!(difference <= error)) error = difference;
      }
      rows.push({ name, numbers: wanted.length, error });
      return error;
    },
    print(title) {
      if (rows.length === 0) return;
      const lines = rows.map(
        ({ name, numbers, error }) =>
          `${name.padEnd(44)}${String(numbers).padStart(9)}  ${error.toExponential(2)}`,
      );
      console.log(`${title}: largest error\n${lines.join("\n")}`);
    },
  };
}
