/** Numbers with a shape, row-major. The only place that multiplies strides. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Uint16Array
  | Uint8Array
  | Int8Array
  | Int16Array
  | BigInt64Array
  | BigUint64Array;

export interface Tensor<T extends TensorData = Float32Array> {
  readonly data: T;
  readonly shape: readonly number[];
}

/**
 * A tensor over existing data, not copied.
 *
 * @throws {RangeError} If the shape does not hold exactly `data.length` numbers.
 */
export function tensor<T extends TensorData>(data: T, shape: readonly number[]): Tensor<T> {
  const size = sizeOf(shape);
  if (size !== data.length) {
    throw new RangeError(
      `Cannot give ${data.length} numbers the shape [${shape.join(", ")}]: it holds ${size}`,
    );
  }
  return { data, shape };
}

/** How many numbers a shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1);
}

/** Row `i` of a tensor as a view (no copy): the numbers at `[i, …]`, shape `shape.slice(1)`. */
export function row<T extends TensorData>(t: Tensor<T>, i: number): T {
  const size = sizeOf(t.shape.slice(1));
  return t.data.subarray(i * size, (i + 1) * size) as T;
}
