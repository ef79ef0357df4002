import { expect, test } from "vitest";
import { KeptExtension } from "../../src/model/onnx/kept-extension.js";
import type { ExtendedModel, GraphTail } from "../../src/model/subject-model.js";

const tail = (): GraphTail => ({ hookpoints: ["layers.0"], append: () => ({}) });

/** Notes what is opened and closed, each by its number. */
function watched(fails: readonly number[] = []) {
  const log: string[] = [];
  let opened = 0;
  const kept = new KeptExtension(async (): Promise<ExtendedModel> => {
    const own = ++opened;
    log.push(`open ${own}`);
    if (fails.includes(own)) throw new Error("no memory");
    return { tokensPerRun: own, run: async () => [], close: async () => void log.push(`close ${own}`) };
  });
  return { kept, log };
}

test("the last extension stays open for who asks for the same tails", async () => {
  const { kept, log } = watched();
  const [a, b] = [tail(), tail()];
  const first = await kept.of([a, b]);
  const second = await kept.of([a, b]);
  await Promise.all([first.close(), first.close(), second.close()]);
  expect((await kept.of([a, b])).tokensPerRun).toBe(1);
  expect(log).toEqual(["open 1"]);
});

test("another takes its place: before it is opened where nobody uses the first, after its last user else", async () => {
  const { kept, log } = watched();
  const [a, b] = [tail(), tail()];
  const first = await kept.of([a]);
  await first.close();
  const second = await kept.of([b]);
  expect(log).toEqual(["open 1", "close 1", "open 2"]);
  const third = await kept.of([b, a]);
  expect(log.at(-1)).toBe("open 3");
  await second.close();
  expect(log.at(-1)).toBe("close 2");
  await third.close();
  expect(log).toHaveLength(5);
  await kept.close();
  expect(log.at(-1)).toBe("close 3");
});

test("one that could not be opened is not remembered", async () => {
  const { kept, log } = watched([1]);
  const a = tail();
  await expect(kept.of([a])).rejects.toThrow("no memory");
  expect((await kept.of([a])).tokensPerRun).toBe(2);
  expect(log).toEqual(["open 1", "open 2"]);
});
