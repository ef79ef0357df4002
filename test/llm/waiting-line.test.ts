import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Waiter, WaitingLine } from "../../src/llm/waiting-line.js";

type Step =
  | { kind: "join"; signal: number | undefined }
  | { kind: "leave" }
  | { kind: "abort"; signal: number };

const signals = 3;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("join" as const),
    signal: fc.option(fc.nat(signals - 1), { nil: undefined }),
  }),
  fc.constant({ kind: "leave" as const }),
  fc.record({ kind: fc.constant("abort" as const), signal: fc.nat(signals - 1) }),
);

describe("WaitingLine", () => {
  it("is first come first served but for those whose signal was aborted, as a plain list is", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const line = new WaitingLine<number, undefined>();
        const controllers = Array.from({ length: signals }, () => new AbortController());
        const refused: number[] = [];
        let list: { wish: number; signal: number | undefined }[] = [];
        const gone: number[] = [];
        for (const [wish, one] of steps.entries()) {
          if (one.kind === "join") {
            const signal = one.signal === undefined ? undefined : controllers[one.signal]?.signal;
            if (signal?.aborted) continue;
            line.join({ wish, signal, grant: () => {}, refuse: () => void refused.push(wish) });
            list.push({ wish, signal: one.signal });
          } else if (one.kind === "leave") {
            line.leave();
            list.shift();
          } else {
            controllers[one.signal]?.abort();
            gone.push(...list.filter(({ signal }) => signal === one.signal).map(({ wish }) => wish));
            list = list.filter(({ signal }) => signal !== one.signal);
          }
          expect(line.first?.wish).toBe(list[0]?.wish);
        }
        expect(refused).toEqual(gone);
      }),
      { seed: 1 },
    );
  });

  it("stops listening to a signal that nobody in it waits on any more", () => {
    const line = new WaitingLine<undefined, undefined>();
    const { signal } = new AbortController();
    const listeners = { now: 0, most: 0 };
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners.most = Math.max(listeners.most, ++listeners.now);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners.now--;
      remove(...args);
    };
    const waiter: Waiter<undefined, undefined> = {
      wish: undefined,
      signal,
      grant: () => {},
      refuse: () => {},
    };
    for (let i = 0; i < 5000; i++) line.join({ ...waiter });
    expect(listeners).toEqual({ now: 1, most: 1 });
    while (line.first) line.leave();
    expect(listeners.now).toBe(0);
  });
});
