import { describe, expect, it } from "vitest";
import { noUsage, type TextModel, type TextRequest } from "../../src/llm/text-model.js";
import { withConcurrency } from "../../src/llm/with-concurrency.js";

function request(content: string): TextRequest {
  return { system: "", messages: [{ role: "user", content }], maxTokens: 1 };
}

/** Answers after a while; remembers the order and the largest number of calls at a time. */
function slow(fails: (content: string) => boolean = () => false) {
  const seen = { order: [] as string[], underWay: 0, peak: 0 };
  const model: TextModel = {
    name: "slow",
    async complete({ messages }) {
      const content = messages[0]?.content ?? "";
      seen.order.push(content);
      seen.peak = Math.max(seen.peak, ++seen.underWay);
      await new Promise((done) => setTimeout(done, 5));
      seen.underWay--;
      if (fails(content)) throw new Error(content);
      return { text: content, stop: "end", usage: noUsage, model: "slow" };
    },
  };
  return { model, seen };
}

describe("withConcurrency()", () => {
  it("lets so many calls in at a time, in their order, and goes on after failures", async () => {
    const { model, seen } = slow((content) => Number(content) % 3 === 0);
    const limited = withConcurrency(model, 4);
    const calls = Array.from({ length: 30 }, (_, i) => limited.complete(request(String(i))));
    const done = await Promise.allSettled(calls);
    expect(seen.peak).toBe(4);
    expect(seen.order).toEqual(calls.map((_, i) => String(i)));
    expect(done.filter(({ status }) => status === "rejected")).toHaveLength(10);
  });

  it("takes a call that gives up out of the queue", async () => {
    const { model, seen } = slow();
    const limited = withConcurrency(model, 1);
    const controller = new AbortController();
    const first = limited.complete(request("first"));
    const given = limited.complete(request("given up"), { signal: controller.signal });
    const last = limited.complete(request("last"));
    controller.abort(new Error("enough"));
    await expect(given).rejects.toThrow("enough");
    await Promise.all([first, last]);
    expect(seen.order).toEqual(["first", "last"]);
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses %d calls at a time", (n) => {
    expect(() => withConcurrency(slow().model, n)).toThrow(RangeError);
  });
});
