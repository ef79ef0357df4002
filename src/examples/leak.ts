import { NearIndex, type NearIndexOptions } from "./near-index.js";

/** A window as far as the leak meter is concerned: from any tool. */
export interface LeakWindow {
  readonly tokens: ArrayLike<number>;
  /** Documents that it has tokens of, where they are known. */
  readonly documents?: readonly (number | string)[] | undefined;
}

export interface Leak {
  readonly train: number;
  readonly test: number;
  /** Share of the test windows whose tokens equal those of a train window. */
  readonly equal: number;
  /** Share of the test windows that equal or nearly equal a train window. */
  readonly near: number;
  /** Of the documents of the test windows, the share that train windows are from, too; `undefined` where none is named. */
  readonly documents: number | undefined;
}

/**
 * How much of what an explanation is scored on it was written from. 0 in all shares is clean. Takes windows of any
 * tool: token ids, and documents where they are known.
 *
 * @throws {RangeError} If there are no test windows.
 */
export function measureLeak(
  train: readonly LeakWindow[],
  test: readonly LeakWindow[],
  options: NearIndexOptions = {},
): Leak {
  if (test.length === 0) throw new RangeError("Cannot measure the leak of no test windows");
  const index = new NearIndex(options);
  for (const { tokens } of train) index.add(tokens);
  const seen = new Set(train.map(spelled));
  const known = new Set(train.flatMap(({ documents = [] }) => documents));
  const tested = new Set(test.flatMap(({ documents = [] }) => documents));
  const equal = test.filter((window) => seen.has(spelled(window)));
  const near = test.filter((window) => seen.has(spelled(window)) || index.has(window.tokens));
  const shared = [...tested].filter((document) => known.has(document));
  return {
    train: train.length,
    test: test.length,
    equal: equal.length / test.length,
    near: near.length / test.length,
    documents: tested.size === 0 ? undefined : shared.length / tested.size,
  };
}

function spelled({ tokens }: LeakWindow): string {
  return Array.from(tokens).join(" ");
}
