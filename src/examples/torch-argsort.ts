/**
 * The order in which PyTorch sorts on the CPU, to draw what tools written for it draw. saelab's own order is
 * `strongestFirstOrder`.
 *
 * Unless asked for a stable order, PyTorch sorts by `std::sort` of the GNU C++ library: introsort, quicksort by the median
 * of three down to stretches of 16, heapsort where it goes too deep, insertion sort at the end. The order of equal
 * values is that of these steps, so that they must be the same.
 *
 * @see Musser 1997, Introspective Sorting and Selection Algorithms.
 */

/** Whether an element stands before another one; equal ones do not. */
type Before = (a: number, b: number) => boolean;

/** Shorter stretches are left to the insertion sort. */
const shortest = 16;

/**
 * Indices of values, the largest first, as of `torch.argsort(values, descending=True)`, `torch.sort` likewise, for values of one
 * dimension that are numbers. The same for all data types, thread counts and vector units.
 */
export function torchArgsort(values: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i);
  const before: Before = (a, b) => values[a] > values[b];
  quicksort(order, before, 2 * Math.floor(Math.log2(order.length)));
  insertionSort(order, before);
  return order;
}

/** Sorts but for stretches of 16, which stand where they belong. */
function quicksort(order: Uint32Array, before: Before, depth: number): void {
  let part = order;
  for (let left = depth; part.length > shortest; left--) {
    if (left === 0) {
      heapsort(part, before);
      return;
    }
    const cut = partition(part, before);
    quicksort(part.subarray(cut), before, left - 1);
    part = part.subarray(0, cut);
  }
}

/** Hoare's partition around the median of the second, the middle and the last; where the second part begins. */
function partition(part: Uint32Array, before: Before): number {
  swap(part, 0, medianOf(part, [1, part.length >> 1, part.length - 1], before));
  const pivot = part[0];
  for (let low = 1, high = part.length; ; low++) {
    while (before(part[low], pivot)) low++;
    do high--;
    while (before(pivot, part[high]));
    if (low >= high) return low;
    swap(part, low, high);
  }
}

function medianOf(part: Uint32Array, [a, b, c]: [number, number, number], before: Before): number {
  const precedes = (i: number, j: number) => before(part[i], part[j]);
  if (precedes(a, b)) return precedes(b, c) ? b : precedes(a, c) ? c : a;
  return precedes(a, c) ? a : precedes(b, c) ? c : b;
}

function heapsort(part: Uint32Array, before: Before): void {
  for (let i = (part.length >> 1) - 1; i >= 0; i--) settle(part, i, { value: part[i], before });
  for (let last = part.length - 1; last > 0; last--) {
    const value = part[last];
    part[last] = part[0];
    settle(part.subarray(0, last), 0, { value, before });
  }
}

/** Floyd's way: the hole goes down to a leaf along the later children, then the value up from there. */
function settle(heap: Uint32Array, top: number, { value, before }: { value: number; before: Before }): void {
  let hole = top;
  for (let child = 2 * hole + 2; child <= heap.length; child = 2 * hole + 2) {
    if (child === heap.length || before(heap[child], heap[child - 1])) child--;
    heap[hole] = heap[child];
    hole = child;
  }
  for (let parent = (hole - 1) >> 1; hole > top && before(heap[parent], value); parent = (hole - 1) >> 1) {
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = value;
}

function insertionSort(order: Uint32Array, before: Before): void {
  for (let i = 1; i < order.length; i++) {
    const value = order[i];
    let hole = i;
    for (; hole > 0 && before(value, order[hole - 1]); hole--) order[hole] = order[hole - 1];
    order[hole] = value;
  }
}

function swap(part: Uint32Array, a: number, b: number): void {
  [part[a], part[b]] = [part[b], part[a]];
}
