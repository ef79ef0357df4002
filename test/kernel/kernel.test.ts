import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../../kernel/src/messages.js";
import { contentsOf, KernelClient, resultOf, streamText } from "./kernel-client.js";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await KernelClient.start();
});
afterAll(() => kernel.stop());

const text = async (code: string) => resultOf(await kernel.execute(code))?.["text/plain"];

describe("cells", () => {
  it("show the value of their last expression, and nothing for a declaration", async () => {
    expect(await text("1 + 1")).toBe("2");
    expect(await text("const three: number = 3")).toBeUndefined();
    expect(await text("await Promise.resolve(three)")).toBe("3");
  });

  it("keep closures alive over a variable that a later cell assigns", async () => {
    await kernel.execute("let n = 0\nfunction increment(): number { return ++n }");
    await kernel.execute("n = 10");
    expect(await text("increment()")).toBe("11");
  });

  it("redeclare anything as anything", async () => {
    const kinds = ["const k = 1", "let k = 2", "var k = 3", "function k() {}", "class k {}", "enum k { A }"];
    for (const first of kinds) {
      for (const second of kinds) {
        expect((await kernel.execute(first)).reply.status).toBe("ok");
        expect((await kernel.execute(second)).reply.status).toBe("ok");
      }
    }
    await kernel.execute("import { join as k } from 'node:path'");
    expect(await text("k('a', 'b')")).toBe("'a/b'");
  });

  it("take TypeScript that is not erasable", async () => {
    expect(await text("enum Color { Red, Green }\nColor.Green")).toBe("1");
    expect(
      await text("class Box { constructor(private x: number) {} get() { return this.x } }\nnew Box(4).get()"),
    ).toBe("4");
    expect(await text("namespace N { export const y = 5 }\nN.y")).toBe("5");
  });

  it("lower decorators and using, which V8 does not know", async () => {
    const log = "const log: string[] = [];";
    const resource = "{ [Symbol.dispose]() { log.push('disposed') } }";
    expect(await text(`${log} { using r = ${resource}; log.push('used') }\nlog.join()`)).toBe(
      "'used,disposed'",
    );
    const decorator = "(_: unknown, context: ClassDecoratorContext) => { log.push(String(context.name)) }";
    expect(await text(`@(${decorator}) class Marked {}\nlog.at(-1)`)).toBe("'Marked'");
  });

  it("take an object literal for a value, not for a block", async () => {
    expect(await text("{ a: 1, b: [2] }")).toBe("{ a: 1, b: [ 2 ] }");
  });

  it("import ESM packages, CommonJS, JSON and Node's modules, statically and dynamically", async () => {
    expect(await text('import { tableFromArrays } from "apache-arrow"\ntypeof tableFromArrays')).toBe(
      "'function'",
    );
    expect(
      await text(
        'const { name } = (await import("./package.json", { with: { type: "json" } })).default; name',
      ),
    ).toBe("'saelab'");
    expect(await text('import fs, { existsSync as there } from "node:fs"\nfs.existsSync === there')).toBe(
      "true",
    );
    expect(await text("typeof require('node:os').cpus")).toBe("'function'");
  });

  it("say which export is missing, and leave types alone", async () => {
    const { reply } = await kernel.execute('import { nope } from "node:path"; nope');
    expect(reply).toMatchObject({ status: "error", ename: "SyntaxError" });
    expect(reply.evalue).toMatch(/Cannot import "nope" from "node:path"/);
    expect(
      (await kernel.execute('import { PathLike } from "node:fs"\nconst p: PathLike = "x"')).reply.status,
    ).toBe("ok");
  });

  it("have an import.meta of the notebook's folder", async () => {
    expect(
      await text('import.meta.url.startsWith("file://") && import.meta.filename.endsWith("cell.ts")'),
    ).toBe("true");
  });
});

describe("errors", () => {
  it("point at the line and column as typed", async () => {
    const { reply, outputs } = await kernel.execute(
      "type T = { a: number }\nfunction f(x: T | null): number {\n  return x!.a\n}\nf(null)",
    );
    const error = contentsOf({ reply, outputs }, "error")[0];
    expect(error).toMatchObject({ ename: "TypeError", evalue: expect.stringMatching(/null/) });
    const traceback = (reply.traceback as string[]).join("\n");
    expect(traceback).toMatch(/> 3 \| {3}return x!\.a/);
    expect(traceback).toMatch(/at f \(cell-\d+\.ts:3:13\)\n {4}at cell-\d+\.ts:5:1$/);
  });

  it("point at the place behind an await, an import and a class", async () => {
    for (const code of [
      "await 1\n  null!.foo",
      'import "node:fs"; class A {} ; import * as os from "node:os"; null!.foo',
      "enum E { A }\nclass Box { constructor(private x: number) {} }\n  null!.foo",
    ]) {
      const { reply } = await kernel.execute(code);
      const [, , column] = /:(\d+):(\d+)/.exec((reply.traceback as string[])[1] ?? "") ?? [];
      const line = code.split("\n").at(-1) ?? "";
      expect(line.slice(Number(column) - 1)).toMatch(/^(null!)?\.?foo/);
    }
  });

  it("show where a cell does not parse", async () => {
    const { reply } = await kernel.execute("let a = 1;\nconst = 3");
    expect(reply).toMatchObject({ status: "error", ename: "SyntaxError" });
    expect((reply.traceback as string[])[1]).toMatch(/cell-\d+\.ts:2:7/);
  });

  it("keep the cause", async () => {
    const { reply } = await kernel.execute("throw new Error('outer', { cause: new TypeError('inner') })");
    expect((reply.traceback as string[]).join("\n")).toMatch(/Caused by .*TypeError.*inner/);
  });

  it("may be anything that was thrown", async () => {
    expect((await kernel.execute("throw 5")).reply).toMatchObject({ ename: "Number", evalue: "5" });
    expect((await kernel.execute("throw undefined")).reply).toMatchObject({
      status: "error",
      ename: "undefined",
    });
  });

  it("that nobody caught are shown, and the kernel lives", async () => {
    const rejected = await kernel.execute(
      "Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 20))",
    );
    expect(streamText(rejected, "stderr")).toMatch(/Uncaught .*lost/);
    const thrown = await kernel.execute(
      "setTimeout(() => { throw new Error('late') }, 1); await new Promise((r) => setTimeout(r, 30))",
    );
    expect(streamText(thrown, "stderr")).toMatch(/Uncaught .*late/);
    expect(await text("1 + 1")).toBe("2");
  });
});

describe("output", () => {
  it("loses none of 50,000 lines", async () => {
    const execution = await kernel.execute("for (let i = 0; i < 50_000; i++) console.log('line ' + i)");
    const lines = streamText(execution).split("\n");
    expect(lines.length).toBe(50_001);
    expect(lines.at(-2)).toBe("line 49999");
    expect(execution.outputs.length).toBeLessThan(500);
  });

  it("keeps the order of streams and displays", async () => {
    const { outputs } = await kernel.execute(
      "console.log('a'); console.error('b'); display(1); console.log('c'); clearOutput({ wait: true }); 'd'",
    );
    const types = outputs.map(({ header, content }) => content.text ?? header.msg_type);
    expect(types).toEqual([
      "status",
      "execute_input",
      "a\n",
      "b\n",
      "display_data",
      "c\n",
      "clear_output",
      "execute_result",
      "status",
    ]);
  });

  it("of a timer lands in the cell that set it", async () => {
    const { outputs } = await kernel.execute("setTimeout(() => console.log('tick'), 60); 1");
    await kernel.execute("await new Promise((resolve) => setTimeout(resolve, 120))");
    const tick = await kernel.until(({ content }) => content.text === "tick\n");
    expect(tick.parent?.msg_id).toBe(outputs[0]?.parent?.msg_id);
  });
});

describe("display", () => {
  const symbol = 'Symbol.for("Jupyter.display")';

  it("takes the value's own MIME bundle, promised or not, with bytes as base64", async () => {
    const bundle =
      "{ 'text/html': '<b>x</b>', 'image/png': new Uint8Array([1, 2, 3]), 'application/json': { a: 1 } }";
    for (const method of [`() => (${bundle})`, `async () => (${bundle})`]) {
      expect(resultOf(await kernel.execute(`({ [${symbol}]: ${method} })`))).toEqual({
        "text/html": "<b>x</b>",
        "image/png": "AQID",
        "application/json": { a: 1 },
        "text/plain": "x",
      });
    }
  });

  it("shows an array of objects as a table", async () => {
    const bundle = resultOf(await kernel.execute("[{ a: 1, b: 'x' }, { a: 22, b: '<y>' }]"));
    expect(bundle?.["text/plain"]).toBe(" a  b\n──  ───\n 1  x\n22  <y>");
    expect(bundle?.["text/html"]).toContain("&lt;y&gt;");
  });

  it("updates in place", async () => {
    const { outputs, reply } = await kernel.execute(
      "const handle = display('one'); await handle.update('two'); handle",
    );
    expect(reply.status).toBe("ok");
    const shown = contentsOf({ outputs, reply }, "display_data")[0];
    const updated = contentsOf({ outputs, reply }, "update_display_data")[0];
    expect(updated?.transient).toEqual(shown?.transient);
    expect(updated?.data).toEqual({ "text/plain": "'two'" });
    expect(contentsOf({ outputs, reply }, "execute_result")).toEqual([]);
  });

  it("waits for what is still to come", async () => {
    const execution = await kernel.execute(
      "display(new Promise((r) => setTimeout(r, 30, 'slow'))); undefined",
    );
    expect(contentsOf(execution, "display_data")[0]?.data).toEqual({ "text/plain": "'slow'" });
  });

  it("can be published through the symbol, with an id", async () => {
    const execution = await kernel.execute(
      'const publish = globalThis[Symbol.for("Jupyter.display.publish")];\n' +
        'publish({ "text/plain": "1" }, { transient: { display_id: "p" } });\n' +
        'publish({ "text/plain": "2" }, { transient: { display_id: "p" }, update: true });',
    );
    expect(contentsOf(execution, "display_data")[0]).toMatchObject({ transient: { display_id: "p" } });
    expect(contentsOf(execution, "update_display_data")[0]).toMatchObject({ data: { "text/plain": "2" } });
  });

  it("has tslab's API", async () => {
    const execution = await kernel.execute(
      'import * as tslab from "tslab";\ntslab.display.html("<i>x</i>");',
    );
    expect(contentsOf(execution, "display_data")[0]?.data).toEqual({
      "text/html": "<i>x</i>",
      "text/plain": "x",
    });
  });
});

describe("requests", () => {
  it("silent ones show nothing and do not count", async () => {
    const before = (await kernel.execute("1")).reply.execution_count as number;
    const silent = await kernel.execute("console.log('x'); 5", { silent: true });
    expect(silent.outputs.map(({ header }) => header.msg_type)).not.toContain("execute_result");
    expect(silent.outputs.map(({ header }) => header.msg_type)).not.toContain("execute_input");
    const unstored = await kernel.execute("6", { store_history: false });
    expect(unstored.reply.execution_count).toBe(before);
    expect((await kernel.execute("1")).reply.execution_count).toBe(before + 1);
  });

  it("evaluate user expressions", async () => {
    const expressions = { sum: "1 + 2", bad: "null.x" };
    const { reply } = await kernel.execute("1", { user_expressions: expressions });
    expect(reply.user_expressions).toMatchObject({
      sum: { status: "ok", data: { "text/plain": "3" } },
      bad: { status: "error", ename: "TypeError" },
    });
  });

  it("behind a failed cell are aborted, unless told otherwise", async () => {
    const slowFailure = "await new Promise((r) => setTimeout(r, 50)); throw new Error('stop')";
    const [failed, next] = await Promise.all([kernel.execute(slowFailure), kernel.execute("1")]);
    expect([failed.reply.status, next.reply.status]).toEqual(["error", "aborted"]);
    const free = { stop_on_error: false };
    const [, alive] = await Promise.all([kernel.execute(slowFailure, free), kernel.execute("1")]);
    expect(alive.reply.status).toBe("ok");
  });

  it("for input reach the user, if there is one", async () => {
    kernel.onInput((prompt) => `answer to ${prompt}`);
    expect(
      resultOf(await kernel.execute("await input('name?')", { allow_stdin: true }))?.["text/plain"],
    ).toBe("'answer to name?'");
    const { reply } = await kernel.execute("await input('name?')");
    expect(reply.evalue).toMatch(/takes none/);
  });

  it("on control are answered while a cell spins", async () => {
    const spinning = kernel.execute("{ const end = Date.now() + 600; while (Date.now() < end) {} }");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const start = performance.now();
    const { content } = await kernel.request("kernel_info_request", {}, "control");
    expect(content).toMatchObject({ status: "ok", protocol_version: "5.5", implementation: "saelab" });
    expect(performance.now() - start).toBeLessThan(300);
    await spinning;
  });

  it("for completion, inspection and completeness know earlier cells and count in code points", async () => {
    await kernel.execute("interface Point { x: number; label?: string }\nconst point: Point = { x: 1 }");
    const code = "'😀'; point.";
    const { content } = await kernel.request("complete_request", { code, cursor_pos: [...code].length });
    expect(content).toMatchObject({ matches: ["label", "x"], cursor_start: 11, cursor_end: 11 });
    const inspected = await kernel.request("inspect_request", {
      code: "point",
      cursor_pos: 3,
      detail_level: 0,
    });
    expect((inspected.content.data as Json)["text/plain"]).toMatch(/const point: Point/);
    for (const [cell, status] of [
      ["f(", "incomplete"],
      ["x = )", "invalid"],
      ["await f()", "complete"],
    ]) {
      expect((await kernel.request("is_complete_request", { code: cell })).content.status).toBe(status);
    }
  }, 60_000);
});

describe("completion", () => {
  const complete = async (code: string) =>
    (await kernel.request("complete_request", { code, cursor_pos: [...code].length })).content;

  it("of what has no type offers what is there, and calls no getter", async () => {
    await kernel.execute(
      "const loose: any = { alpha: { beta: 1, get boom() { throw new Error('called') } }, almost: 2 };" +
        " const parsed = JSON.parse('{\"key\": [1]}')",
    );
    expect(await complete("'😀'; loose.al")).toMatchObject({
      matches: ["alpha", "almost"],
      cursor_start: 11,
      cursor_end: 13,
    });
    expect((await complete("loose.alpha.")).matches).toEqual(["beta", "boom"]);
    expect((await complete("loose.alpha.boom.")).matches).toEqual([]);
    expect((await complete("parsed.key.fin")).matches).toContain("findLast");
    expect((await complete("parsed.key[0].")).matches).toEqual([]);
    expect((await complete("nowhere.at")).matches).toEqual([]);
  });

  it("of a typed value is TypeScript's, and hover is Markdown", async () => {
    await kernel.execute("/** Says hello. */\nfunction hello(name: string): string { return name }");
    expect((await complete("hello('x').toUpper")).matches).toEqual(["toUpperCase"]);
    const { content } = await kernel.request("inspect_request", {
      code: "hello",
      cursor_pos: 2,
      detail_level: 0,
    });
    expect((content.data as Json)["text/markdown"]).toBe(
      "```typescript\nfunction hello(name: string): string\n```\n\nSays hello.",
    );
  });
});

describe("module resolution", () => {
  it("starts at the notebook's folder, and falls back to what the kernel came with", async () => {
    const folder = mkdtempSync(join(tmpdir(), "saelab-notebook-"));
    writeFileSync(join(folder, "local.mjs"), "export const here = 'local'");
    writeFileSync(join(folder, "inner.ts"), "export enum Kind { A = 7 }");
    writeFileSync(
      join(folder, "typed.ts"),
      "import { Kind } from './inner.js'\nexport const kind: Kind = Kind.A",
    );
    const elsewhere = await KernelClient.start({ cwd: folder });
    try {
      expect(
        resultOf(await elsewhere.execute('import { here } from "./local.mjs"; here'))?.["text/plain"],
      ).toBe("'local'");
      const typed = 'import { kind } from "./typed.ts"; kind';
      expect(resultOf(await elsewhere.execute(typed))?.["text/plain"]).toBe("7");
      writeFileSync(join(folder, "typed.ts"), "export const kind = 'edited' as string");
      utimesSync(join(folder, "typed.ts"), 1, 1);
      expect(resultOf(await elsewhere.execute(typed))?.["text/plain"]).toBe("'edited'");
      const fallback = await elsewhere.execute(
        'import { tableFromArrays } from "apache-arrow"; typeof tableFromArrays',
      );
      expect(resultOf(fallback)?.["text/plain"]).toBe("'function'");
      const { reply } = await elsewhere.execute('import x from "no-such-package"');
      expect(reply.evalue).toMatch(/no-such-package/);
      expect((reply.traceback as string[]).join("\n")).toMatch(/cell-5\.ts:1:1/);
    } finally {
      await elsewhere.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
