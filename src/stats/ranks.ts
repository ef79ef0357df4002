/** Ranks from 1, by value; equal values share the mean of their ranks (midranks). */
export function ranks(numbers: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: numbers.length }, (_, i) => i);
  order.sort((a, b) => (numbers[a] as number) - (numbers[b] as number));
  const result = new Float64Array(numbers.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && numbers[order[to] as number] === numbers[order[from] as number]) to++;
    for (let i = from; i < to; i++) result[order[i] as number] = (from + 1 + to) / 2;
    from = to;
  }
  return result;
}
