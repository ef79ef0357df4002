import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { oneAhead } from "../../src/cache/one-ahead.js";

/** Works that note when they begin and end; one of them fails. */
function works(count: number, log: string[], fails?: number): Iterable<Promise<number>> {
  const work = async (i: number) => {
    log.push(`begin ${i}`);
    await setTimeout(5);
    log.push(`end ${i}`);
    if (i === fails) throw new Error(`failed ${i}`);
    return i;
  };
  return (function* () {
    for (let i = 0; i < count; i++) yield work(i);
  })();
}

test("gives what works come to in order, each begun before the one before it is used", async () => {
  const log: string[] = [];
  for await (const i of oneAhead(works(3, log))) log.push(`use ${i}`);
  expect(log.filter((entry) => !entry.startsWith("end"))).toEqual([
    "begin 0",
    "begin 1",
    "use 0",
    "begin 2",
    "use 1",
    "use 2",
  ]);
});

test("throws when the turn of the failed one comes, and leaves none running", async () => {
  const log: string[] = [];
  const all = async () => {
    for await (const i of oneAhead(works(5, log, 1))) log.push(`use ${i}`);
  };
  await expect(all()).rejects.toThrow("failed 1");
  expect(log.filter((entry) => entry.startsWith("begin"))).toHaveLength(3);
  expect(log.filter((entry) => entry.startsWith("end"))).toHaveLength(3);
  expect(log.filter((entry) => entry.startsWith("use"))).toEqual(["use 0"]);
});

test("waits for the one that is running where its user stops", async () => {
  const log: string[] = [];
  for await (const _ of oneAhead(works(5, log))) break;
  expect(log.filter((entry) => entry.startsWith("end"))).toHaveLength(2);
});
