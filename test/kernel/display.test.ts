import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, Message } from "../../kernel/src/messages.js";
import { normalizedBundle } from "../../kernel/src/mime-bundle.js";
import { limitedBundle, PrintLimit } from "../../kernel/src/output-limit.js";
import { isValueStream } from "../../kernel/src/value-stream.js";
import { contentsOf, type Execution, KernelClient, resultOf, root, streamText } from "./kernel-client.js";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await KernelClient.start({ args: ["--type-check", "off"] });
});
afterAll(() => kernel.stop());

/** Bundles that a cell displayed, without results. */
async function shownBy(code: string): Promise<Json[]> {
  return bundlesOf(await kernel.execute(code));
}

function bundlesOf(execution: Execution): Json[] {
  return contentsOf(execution, "display_data").map(({ data }) => data as Json);
}

/** What is on the screen at the end: an update replaces the display of its id. */
function screenOf({ outputs }: Execution): unknown[] {
  const screen = new Map<string, unknown>();
  for (const { header, content } of outputs) {
    if (!/display_data$/.test(header.msg_type)) continue;
    screen.set(String((content.transient as Json).display_id), (content.data as Json)["text/plain"]);
  }
  return [...screen.values()];
}

describe("display", () => {
  it("shows content by its type, always with text", async () => {
    const bundles = await shownBy(`
      display.html("<style>b {}</style><b>bold</b> move");
      display.markdown("# title");
      display.latex("$x^2$");
      display.svg("<svg/>");
      display.json({ a: [1] });
      display({ "text/html": "<hr>" }, { raw: true });`);
    expect(bundles).toEqual([
      { "text/html": "<style>b {}</style><b>bold</b> move", "text/plain": "bold move" },
      { "text/markdown": "# title", "text/plain": "# title" },
      { "text/latex": "$x^2$", "text/plain": "$x^2$" },
      { "image/svg+xml": "<svg/>", "text/plain": "[image/svg+xml]" },
      { "application/json": { a: [1] }, "text/plain": "{ a: [ 1 ] }" },
      { "text/html": "<hr>", "text/plain": "[text/html]" },
    ]);
  });

  it("knows images by their first bytes", async () => {
    const starts = {
      "image/png": "89504e470d0a",
      "image/jpeg": "ffd8ffe0",
      "image/gif": "474946383961",
      "image/webp": "524946460000000057454250",
    };
    for (const [type, hex] of Object.entries(starts)) {
      const [bundle] = await shownBy(`display.image(Buffer.from("${hex}", "hex"))`);
      expect(bundle).toEqual({
        [type]: Buffer.from(hex, "hex").toString("base64"),
        "text/plain": `[${type}]`,
      });
    }
    const { reply } = await kernel.execute("display.image(new Uint8Array([1, 2]))");
    expect(reply.evalue).toMatch(/begins with the bytes "0102": give the bytes of a PNG, JPEG, GIF or WebP/);
  });

  it("shows charts for Vega and Vega-Lite specifications", async () => {
    const spec = '{ $schema: "https://vega.github.io/schema/vega-lite/v5.json", mark: "bar" }';
    expect(resultOf(await kernel.execute(spec))).toEqual({
      "application/vnd.vegalite.v5+json": {
        $schema: "https://vega.github.io/schema/vega-lite/v5.json",
        mark: "bar",
      },
      "text/plain": expect.stringContaining("mark: 'bar'"),
    });
    const vega = '({ $schema: "https://vega.github.io/schema/vega/v5.json" })';
    expect(resultOf(await kernel.execute(vega))).toHaveProperty(["application/vnd.vega.v5+json"]);
    const later = '({ $schema: "https://vega.github.io/schema/vega-lite/v6.json", mark: "bar" })';
    expect(resultOf(await kernel.execute(later))).toHaveProperty(["application/vnd.vegalite.v5+json"]);
  });

  it("shows Arrow tables and record batches by their first rows, size and types", async () => {
    await kernel.execute(
      'import * as arrow from "apache-arrow";\n' +
        "const n = Int32Array.from({ length: 5000 }, (_, i) => i);\n" +
        "const arrowTable = arrow.tableFromArrays({ n, name: Array.from(n, (i) => 'row ' + i) });",
    );
    const bundle = resultOf(await kernel.execute("arrowTable"));
    const lines = String(bundle?.["text/plain"]).split("\n");
    expect(lines.slice(0, 3)).toEqual([" n  name", "──  ──────", " 0  row 0"]);
    expect(lines.slice(-2)).toEqual([
      "5,000 rows of {n: Int32, name: Dictionary<Int32, Utf8>}",
      "Shown: 100 of 5000 rows",
    ]);
    expect(bundle?.["text/html"]).toMatch(/^<table>[\s\S]*<p>5,000 rows of/);
    const batch = resultOf(await kernel.execute("arrowTable.select(['n']).batches[0]"));
    expect(batch?.["text/plain"]).toMatch(/5,000 rows of \{n: Int32\}/);
    expect(
      String(resultOf(await kernel.execute("arrow.tableFromArrays({ a: [] })"))?.["text/plain"]),
    ).toMatch(/^a\n/);
  });

  it("shows maps, sets and typed arrays as text that is cut", async () => {
    expect(resultOf(await kernel.execute("new Map([['a', { b: 1 }]])"))?.["text/plain"]).toBe(
      "Map(1) { 'a' => { b: 1 } }",
    );
    expect(resultOf(await kernel.execute("new Set([1])"))?.["text/plain"]).toBe("Set(1) { 1 }");
    const text = String(resultOf(await kernel.execute("new Float32Array(1e6)"))?.["text/plain"]);
    expect(text).toMatch(/^Float32Array\(1000000\)[\s\S]*999900 more items/);
  });

  it("gives a handle at once, whose updates keep their order", async () => {
    const execution = await kernel.execute(
      'const slow = display(new Promise((r) => setTimeout(r, 30, "first")), { id: "mine" });\n' +
        'void slow.update("second"); void slow.update(Promise.resolve("third")); slow.id',
    );
    expect(resultOf(execution)?.["text/plain"]).toBe("'mine'");
    const messages = execution.outputs.filter(({ header }) => /display_data$/.test(header.msg_type));
    expect(
      messages.map(({ header, content }) => [header.msg_type, (content.data as Json)["text/plain"]]),
    ).toEqual([
      ["display_data", "'first'"],
      ["update_display_data", "'second'"],
      ["update_display_data", "'third'"],
    ]);
  });

  it("fails the cell when a value cannot show itself, at once or later", async () => {
    const symbol = 'Symbol.for("Jupyter.display")';
    for (const method of [
      "() => { throw new Error('no face') }",
      "async () => { throw new Error('no face') }",
    ]) {
      for (const cell of [`({ [${symbol}]: ${method} })`, `display({ [${symbol}]: ${method} }); 1`]) {
        expect((await kernel.execute(cell)).reply).toMatchObject({ status: "error", evalue: "no face" });
      }
    }
    expect((await kernel.execute("display.json({ a: 1n })")).reply.evalue).toMatch(/BigInt/);
  });

  it("of a cell that was interrupted does not hold up the next one", async () => {
    const waiting = kernel.execute("display(new Promise(() => {}))");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await kernel.interrupt();
    expect((await waiting).reply.ename).toBe("InterruptError");
    expect(resultOf(await kernel.execute("1"))?.["text/plain"]).toBe("1");
  });
});

describe("a last expression", () => {
  it("that is a promise shows its value", async () => {
    const promised = await kernel.execute("new Promise((r) => setTimeout(r, 10, [{ a: 1 }]))");
    expect(resultOf(promised)?.["text/plain"]).toBe("a\n─\n1");
    expect((await kernel.execute("Promise.reject(new Error('broken'))")).reply.evalue).toBe("broken");
  });

  it("that is an async iterable is shown as it comes, in one output", async () => {
    const words = await kernel.execute(
      "(async function* () { for (const word of ['one ', 'two ', 'three']) { yield word; await null } })()",
    );
    expect(screenOf(words)).toEqual(["one two three"]);
    const rows = await kernel.execute("(async function* () { yield { a: 1 }; yield { a: 2, b: 3 } })()");
    expect(screenOf(rows)).toEqual(["a  b\n─  ─\n1\n2  3"]);
    const others = await kernel.execute("(async function* () { yield [1]; yield [2] })()");
    expect(screenOf(others)).toEqual(["[ 2 ]"]);
    const broken = await kernel.execute("(async function* () { yield 'a'; throw new Error('torn') })()");
    expect([broken.reply.evalue, screenOf(broken)]).toEqual(["torn", ["a"]]);
  });

  it("that is an async iterable shows each value while the next is awaited, and stops by interrupt", async () => {
    const from = kernel.published.length;
    const running = kernel.execute(
      "globalThis.closed = false;\n" +
        "(async function* () { try { for (let i = 0; ; i++) { yield i; await new Promise((r) => setTimeout(r, 40)) } }" +
        " finally { globalThis.closed = true } })()",
    );
    await kernel.until((message: Message) => message.header.msg_type === "update_display_data", from);
    await kernel.interrupt();
    expect((await running).reply.ename).toBe("InterruptError");
    await kernel.execute("await new Promise((r) => setTimeout(r, 60))");
    expect(resultOf(await kernel.execute("closed"))?.["text/plain"]).toBe("true");
  });

  it("that is a stream of bytes is not used up", () => {
    expect(isValueStream(process.stdin)).toBe(false);
    expect(isValueStream(new Response("x").body)).toBe(false);
    expect(isValueStream((async function* () {})())).toBe(true);
  });
});

describe("progress", () => {
  it("of a loop updates in place and ends as one line of text", async () => {
    const execution = await kernel.execute(
      "let sum = 0; for (const n of display.progress([1, 2, 3], { label: 'adding' })) { sum += n;" +
        " await new Promise((r) => setTimeout(r, 110)) }\nsum",
    );
    expect(resultOf(execution)?.["text/plain"]).toBe("6");
    expect(screenOf(execution)).toEqual([expect.stringMatching(/^adding: 3 of 3 \(100 %\) in 0\.\d s$/)]);
    const [first] = bundlesOf(execution);
    expect(first?.["text/html"]).toBe('<progress value="0" max="3"></progress> adding: 0 of 3 (0 %)');
    expect(contentsOf(execution, "update_display_data").at(-1)?.data).not.toHaveProperty(["text/html"]);
  });

  it("of a loop that breaks says how far it came", async () => {
    const execution = await kernel.execute(
      "async function* endless() { for (;;) yield 1 }\nfor await (const _ of display.progress(endless())) break",
    );
    expect(screenOf(execution)).toEqual([expect.stringMatching(/^progress: 0 in 0\.\d s$/)]);
  });

  it("of the library leaves one line of text", async () => {
    const execution = await kernel.execute(
      `const { progressMeter } = await import(${JSON.stringify(`${root}/src/progress.ts`)});\n` +
        "const meter = progressMeter('cache', 'tokens', 500);\n" +
        "for (let done = 0; done < 500; done += 100) { meter.report(done); await new Promise((r) => setTimeout(r, 110)) }\n" +
        "meter.end(500)",
    );
    expect(execution.reply.status).toBe("ok");
    expect(contentsOf(execution, "display_data").length).toBe(1);
    expect(screenOf(execution)).toEqual([expect.stringMatching(/^cache: 500 of 500 tokens \(100 %\)/)]);
  });
});

describe("long output", () => {
  it("is cut where it is printed, with a notice and a count", async () => {
    await kernel.execute("kernel.outputLimit(1000)");
    const printed = streamText(
      await kernel.execute("for (let i = 0; i < 300; i++) console.log('line ' + i)"),
    );
    expect(printed).toMatch(/^line 0\n/);
    expect(printed).toMatch(
      /\n\[Cut after 1,000 characters; kernel\.outputLimit\(characters\) or SAELAB_OUTPUT_LIMIT/,
    );
    expect(printed).toMatch(/\[1,590 more characters are not shown\]\n$/);
    await kernel.execute("kernel.outputLimit(Infinity)");
    expect(streamText(await kernel.execute("console.log('x'.repeat(6_000_000))")).length).toBe(6_000_001);
  });

  it("is cut where it is shown, and its text says what is missing", async () => {
    await kernel.execute("kernel.outputLimit(1000)");
    const [html] = await shownBy("display.html('<b>' + 'y'.repeat(2000) + '</b>')");
    expect(Object.keys(html ?? {})).toEqual(["text/plain"]);
    expect(html?.["text/plain"]).toMatch(
      /^y{1000}\n\[Cut .*\]\n\[text\/html left out: 2,007 characters, the limit is 1,000; kernel/,
    );
    const text = String(resultOf(await kernel.execute("'z'.repeat(3000)"))?.["text/plain"]);
    expect(text).toMatch(/^'z{999}\n\[Cut after 1,000 of 3,002 characters; kernel/);
    await kernel.execute("kernel.outputLimit(5_000_000)");
  });

  it("of an endless loop leaves the kernel free to be interrupted", async () => {
    const from = kernel.published.length;
    const running = kernel.execute("for (;;) console.log('again and again and again')");
    await kernel.until(({ content }) => /Cut after 5,000,000/.test(String(content.text)), from);
    await kernel.interrupt();
    const execution = await running;
    expect(execution.reply.ename).toBe("InterruptError");
    expect(streamText(execution).length).toBeLessThan(5_001_000);
  });
});

describe("PrintLimit", () => {
  it("counts each cell by itself", () => {
    const limit = new PrintLimit();
    expect(limit.take("a", "12345", 6)).toBe("12345");
    expect(limit.take("b", "12345", 6)).toBe("12345");
    expect(limit.take("a", "678", 6)).toMatch(/^6\n\[Cut after 6 characters; .*\]\n$/);
    expect(limit.take("a", "9", 6)).toBe("");
    expect([limit.closing("a", 6), limit.closing("b", 6)]).toEqual([
      "[3 more characters are not shown]\n",
      "",
    ]);
  });
});

describe("limitedBundle()", () => {
  it("leaves short content alone", () => {
    const bundle = normalizedBundle({ "text/html": "<b>x</b>" });
    expect(limitedBundle(bundle, 100)).toBe(bundle);
  });
});
