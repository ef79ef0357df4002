import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { History } from "../../kernel/src/history.js";
import type { Header } from "../../kernel/src/messages.js";
import { mimeBundleOf, plainText } from "../../kernel/src/mime-bundle.js";
import { StreamBatcher } from "../../kernel/src/stream-batcher.js";
import { isRecordArray, tableBundle } from "../../kernel/src/table.js";

describe("StreamBatcher", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const parent = (id: string) => ({ msg_id: id }) as Header;
  function setUp() {
    const sent: unknown[][] = [];
    const batcher = new StreamBatcher(({ name, text }, header) => sent.push([name, text, header?.msg_id]));
    return { sent, batcher };
  }

  it("joins what comes within 15 ms", () => {
    const { sent, batcher } = setUp();
    batcher.add("stdout", "a", parent("1"));
    batcher.add("stdout", "b", parent("1"));
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(15);
    expect(sent).toEqual([["stdout", "ab", "1"]]);
  });

  it("keeps streams and cells apart, in order", () => {
    const { sent, batcher } = setUp();
    batcher.add("stdout", "a", parent("1"));
    batcher.add("stderr", "b", parent("1"));
    batcher.add("stderr", "c", parent("2"));
    batcher.flush();
    expect(sent).toEqual([
      ["stdout", "a", "1"],
      ["stderr", "b", "1"],
      ["stderr", "c", "2"],
    ]);
  });

  it("sends much text at once", () => {
    const { sent, batcher } = setUp();
    batcher.add("stdout", "x".repeat(70_000), undefined);
    expect(sent.length).toBe(1);
  });
});

describe("History", () => {
  const history = new History();
  for (const [i, input] of ["1+2", "x = 1", "1+2", "1-22"].entries())
    history.add(i + 1, input).output = `out ${i}`;
  const inputs = (request: Record<string, unknown>) =>
    (history.answer(request).history as [number, number, string][]).map(([, line, input]) => [line, input]);

  it("gives the tail, a range, and what matches a pattern", () => {
    expect(inputs({ hist_access_type: "tail", n: 2 })).toEqual([
      [3, "1+2"],
      [4, "1-22"],
    ]);
    expect(inputs({ hist_access_type: "range", session: 0, start: 2, stop: 3 })).toEqual([[2, "x = 1"]]);
    expect(inputs({ hist_access_type: "search", pattern: "1?2*", unique: true })).toEqual([
      [3, "1+2"],
      [4, "1-22"],
    ]);
    expect(inputs({ hist_access_type: "search", pattern: "1*", n: 1 })).toEqual([[4, "1-22"]]);
  });

  it("gives outputs when asked", () => {
    expect(history.answer({ hist_access_type: "tail", n: 1, output: true }).history).toEqual([
      [1, 4, ["1-22", "out 3"]],
    ]);
  });
});

describe("tableBundle()", () => {
  it("takes arrays of plain objects only", () => {
    expect(isRecordArray([{ a: 1 }])).toBe(true);
    expect(isRecordArray([])).toBe(false);
    expect(isRecordArray([{ a: 1 }, 2])).toBe(false);
    expect(isRecordArray([new Date()])).toBe(false);
    expect(isRecordArray([{ a: 1, [Symbol.for("Jupyter.display")]: () => ({}) }])).toBe(false);
  });

  it("aligns, rounds, escapes, and leaves gaps for what is missing", () => {
    const bundle = tableBundle([
      { name: "a<b", score: 1 / 3 },
      { score: 12, extra: null },
    ]);
    expect(bundle["text/plain"]).toBe(
      ["name     score  extra", "────  ────────  ─────", "a<b   0.333333", "            12"].join("\n"),
    );
    expect(bundle["text/html"]).toContain('<td style="text-align:left">a&lt;b</td>');
  });

  it("says what it leaves out", () => {
    const rows = Array.from({ length: 250 }, (_, i) => ({ i }));
    expect(String(tableBundle(rows)["text/plain"]).split("\n").at(-1)).toBe("Shown: 100 of 250 rows");
    expect(tableBundle(rows)["text/html"]).toContain("<p>Shown: 100 of 250 rows</p>");
  });
});

describe("mimeBundleOf()", () => {
  it("keeps text types as text when they come as bytes", () => {
    const bytes = new TextEncoder().encode("<svg/>");
    const value = { [Symbol.for("Jupyter.display")]: () => ({ "image/svg+xml": bytes }) };
    expect(mimeBundleOf(value)).toMatchObject({ "image/svg+xml": "<svg/>" });
  });

  it("falls back to text when a value's own method gives none", () => {
    const value = { a: 1, [Symbol.for("Jupyter.display")]: () => null };
    expect(Object.keys(mimeBundleOf(value))).toEqual(["text/plain"]);
  });

  it("cuts what is too long, with a notice", () => {
    expect(plainText("x".repeat(200_000)).length).toBeLessThan(100_200);
    expect(plainText("x".repeat(200_000))).toMatch(/more characters/);
  });
});
