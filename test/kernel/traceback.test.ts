import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelClient, resultOf, streamText } from "./kernel-client.js";

let kernel: KernelClient;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "saelab-traceback-"));
  kernel = await KernelClient.start({ cwd: folder, args: ["--type-check", "off"] });
});
afterAll(async () => {
  await kernel.stop();
  rmSync(folder, { recursive: true });
});

/** Traceback of a cell without colours. */
async function traceback(code: string): Promise<string[]> {
  const { reply } = await kernel.execute(code);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of one.
  return (reply.traceback as string[]).map((line) => line.replace(/\u001b\[\d+m/g, ""));
}

const text = async (code: string) => resultOf(await kernel.execute(code))?.["text/plain"];

describe("an error in an imported TypeScript file", () => {
  it("points at the line as typed, and at the cell that called", async () => {
    writeFileSync(
      join(folder, "plain.ts"),
      "type N = number\nexport function f(x: N): N {\n  return x!.a.b\n}",
    );
    expect(await traceback('import { f } from "./plain.ts"\nf({} as any)')).toEqual([
      "TypeError: Cannot read properties of undefined (reading 'b')",
      "plain.ts:3:15",
      "  2 | export function f(x: N): N {",
      "> 3 |   return x!.a.b",
      "    |               ^",
      "  4 | }",
      "    at f (plain.ts:3:15)",
      expect.stringMatching(/^ {4}at cell-\d+\.ts:2:1$/),
    ]);
  });

  it("points there through a source map too", async () => {
    writeFileSync(
      join(folder, "lowered.ts"),
      "enum E { A, B }\nexport const f = (x: any) => {\n  return x.a.b\n}",
    );
    const lines = await traceback('import { f as g } from "./lowered.ts"; g({})');
    expect(lines[1]).toBe("lowered.ts:3:14");
    expect(lines[3]).toBe("> 3 |   return x.a.b");
  });

  it("on loading names file and importing cell, each time anew", async () => {
    writeFileSync(join(folder, "load.ts"), "const a: number = 1\nthrow new Error('at load')");
    for (let i = 0; i < 2; i++) {
      const lines = await traceback('await import("./load.ts")');
      const frames = lines.filter((line) => line.startsWith("    at "));
      expect(frames[0]).toBe("    at load.ts:2:7");
      expect(frames.slice(1)).toEqual([
        expect.stringMatching(new RegExp(`at cell-${await cells()}\\.ts:1:7`)),
      ]);
    }
  });

  it("of syntax says where", async () => {
    writeFileSync(join(folder, "broken.ts"), "const a = 1\nconst = 3");
    const [first] = await traceback('import "./broken.ts"');
    expect(first).toMatch(
      /^SyntaxError: Cannot import ".*broken\.ts": line 2, column 7: Variable declaration/,
    );
  });

  it("shows no line when the file has changed since", async () => {
    writeFileSync(join(folder, "edited.ts"), "export const f = (x: any) => x.a.b");
    await kernel.execute('import { f as h } from "./edited.ts"');
    writeFileSync(join(folder, "edited.ts"), "// something else");
    utimesSync(join(folder, "edited.ts"), 1, 1);
    const lines = await traceback("h({})");
    expect(lines.find((line) => line.includes("edited.ts"))).toBe("    at f (edited.ts:1:34)");
    expect(lines[1]).toMatch(/^cell-\d+\.ts:1:1$/);
  });
});

describe("the place of an error", () => {
  it.each([
    ["function af() { const y = 1; throw new Error('later') }\naf()", "1:36"],
    ["async function af() { await null; const y = await 1; throw new Error('later') }\nawait af()", "1:60"],
    [
      "const z = 1; async function a1() { await 1 } async function a2() { await a1(); z.x.y }\nawait a2()",
      "1:84",
    ],
    ["const r = await 1 + (await 2).x.y", "1:33"],
    ["for await (const x of [1]) { await x; x.y.z }", "1:43"],
    ["try { throw 1 } catch { z.x.y }", "1:29"],
    ["try { throw {} } catch ({ a }) { a.b }", "1:36"],
    ["enum E { A }\nasync function f() { await 1; throw new Error('x') }\nawait f()", "2:37"],
  ])("in %j is %s", async (code, place) => {
    const [, at] = await traceback(code);
    expect(at).toMatch(new RegExp(`^cell-\\d+\\.ts:${place}$`));
  });

  it("is that of the await, too, for who called", async () => {
    const lines = await traceback(
      "async function deep() { await 1; null.x }\nasync function mid() { await 1; await deep() }\nawait mid()",
    );
    expect(
      lines.filter((line) => line.startsWith("    at ")).map((line) => line.replace(/cell-\d+/, "cell")),
    ).toEqual(["    at deep (cell.ts:1:39)", "    at async mid (cell.ts:2:33)", "    at async cell.ts:3:1"]);
  });
});

describe("error.stack", () => {
  const lines = (stack: unknown) =>
    String(stack)
      .replace(/cell-\d+/g, "cell")
      .split("\n");
  const lowered = "enum Color { Red }\nclass Par { constructor(private a: number) {} }\n\n";

  it("has the places as typed and no frame of the kernel, wherever it is read", async () => {
    const made = `${lowered}const error = (() => { return new Error("line four") })();`;
    const expected = ["Error: line four", "    at cell.ts:4:31", "    at cell.ts:4:56"];
    const shown = await kernel.execute(`${made}\nconsole.error(error); console.log(error.stack); error`);
    expect(lines(streamText(shown, "stderr").trimEnd())).toEqual(expected);
    expect(lines(streamText(shown).trimEnd())).toEqual(expected);
    expect(lines(resultOf(shown)?.["text/plain"])).toEqual(expected);
  });

  it("has them in timers, behind an await and in imported files", async () => {
    writeFileSync(
      join(folder, "stack.ts"),
      "enum E { A }\nexport const make = () => {\n  return new Error('made')\n}",
    );
    const shown = await kernel.execute(
      'import { make } from "./stack.ts"; await 1;\nconsole.log(make().stack);\n' +
        "await new Promise((done) => setTimeout(() => { console.log(new TypeError('timer').stack); done(1) }))",
    );
    const [head, file, cell, ...timer] = lines(streamText(shown).trimEnd());
    expect(head).toBe("Error: made");
    expect(file).toMatch(/^ {4}at make \(file:.*stack\.ts\?changed=[\d.]+:3:10\)$/);
    expect(cell).toBe("    at cell.ts:2:13");
    expect(timer).toEqual(["TypeError: timer", "    at cell.ts:3:60"]);
  });

  it("keeps what Node says, and is the caller's where the kernel throws", async () => {
    const node = await kernel.execute("try { Buffer.alloc('x' as any) } catch (e) { console.log(e.stack) }");
    const [head, , ...frames] = lines(streamText(node).trimEnd());
    expect(head).toMatch(/^TypeError \[ERR_INVALID_ARG_TYPE\]: The "size" argument/);
    expect(frames.at(-1)).toBe("    at cell.ts:1:14");
    expect((await traceback("1;\ndisplay.image(3 as any)"))[1]).toMatch(/^cell-\d+\.ts:2:9$/);
  });
});

/** Cells that were run before the one that asks. */
async function cells(): Promise<number> {
  return Number((await kernel.execute("0", { silent: true })).reply.execution_count);
}

describe("a traceback", () => {
  it("has neither Node's frames nor the kernel's", async () => {
    const lines = await traceback('import fs from "node:fs"; await 1; fs.readFileSync("nope")');
    expect(lines.filter((line) => line.startsWith("    at "))).toEqual([
      expect.stringMatching(/^ {4}at cell-\d+\.ts:1:39$/),
    ]);
  });

  it("follows causes, but not in circles, and shows what an AggregateError holds", async () => {
    const caused = await traceback("throw new Error('outer', { cause: new TypeError('inner') })");
    expect(caused.find((line) => line.startsWith("Caused by"))).toBe("Caused by TypeError: inner");
    const circular = await traceback("const e = new Error('a'); e.cause = e; throw e");
    expect(circular.filter((line) => line.includes("Error: a"))).toEqual(["Error: a"]);
    const several = await traceback(
      "await Promise.any([Promise.reject(new Error('one')), Promise.reject('two')])",
    );
    expect(several.filter((line) => line.startsWith("Among them"))).toEqual([
      "Among them Error: one",
      "Among them String: 'two'",
    ]);
  });
});

describe("modules", () => {
  it("are found from the notebook's folder, as import.meta says", async () => {
    writeFileSync(join(folder, "data.json"), '{ "n": 5 }');
    writeFileSync(join(folder, "esm.mjs"), "export const there = await Promise.resolve('there')");
    expect(await text('import data from "./data.json" with { type: "json" }; data.n')).toBe("5");
    expect(await text('(await import("./esm.mjs")).there')).toBe("'there'");
    expect(await text("import.meta.dirname === process.cwd()")).toBe("true");
    expect(
      await text('import.meta.resolve("./esm.mjs") === new URL("./esm.mjs", import.meta.url).href'),
    ).toBe("true");
    expect(await text('import.meta.resolve("node:fs")')).toBe("'node:fs'");
    expect(await text('import.meta.resolve("typescript")')).toMatch(
      /^'file:.*node_modules\/typescript\/lib\/typescript\.js'$/,
    );
    const esmOnly = join(folder, "node_modules", "esm-only");
    mkdirSync(esmOnly, { recursive: true });
    const manifest = { name: "esm-only", type: "module", exports: { import: "./main.js" } };
    writeFileSync(join(esmOnly, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(esmOnly, "main.js"), "export const only = 'ESM'");
    expect(await text('import { only } from "esm-only"; only')).toBe("'ESM'");
    expect(await text('(await import(import.meta.resolve("esm-only"))).only')).toBe("'ESM'");
    expect((await kernel.execute('import.meta.resolve("no-such")')).reply.evalue).toMatch(
      /Cannot find package 'no-such'/,
    );
  });

  it("in TypeScript are loaded anew when they were edited, statically and dynamically", async () => {
    for (const [i, load] of [
      'import { v } from "./module.ts"; v',
      '(await import("./module.ts")).v',
    ].entries()) {
      for (const version of [1, 2]) {
        writeFileSync(join(folder, "module.ts"), `export const v: number = ${version}`);
        utimesSync(join(folder, "module.ts"), 1000 + i, version);
        expect(await text(load)).toBe(String(version));
      }
    }
  });

  it("take JSX for a syntax error", async () => {
    expect((await kernel.execute("const view = <b>x</b>")).reply.ename).toBe("SyntaxError");
  });
});

describe("declarations that V8 does not know", () => {
  it("using and await using close at the end of the cell, in reverse order", async () => {
    await kernel.execute(
      "const closed: string[] = []; const closing = (n: string) => ({ n, [Symbol.dispose]() { closed.push(n) }, async [Symbol.asyncDispose]() { closed.push('async ' + n) } })",
    );
    expect(
      (await kernel.execute("using a = closing('a'); await using b = closing('b'); a.n + b.n")).reply.status,
    ).toBe("ok");
    expect(await text("closed.join()")).toBe("'async b,a'");
  });

  it.each([
    ["a function", "function f() { using x = closing('f'); return x.n }\nf()"],
    ["a method", "class Owner { m() { using x = closing('m'); return x.n } }\nnew Owner().m()"],
    ["an arrow function", "const go = async () => { await using x = closing('f'); return x.n }\nawait go()"],
    ["a loop", "const all = () => { for (using x of [closing('f')]) return x.n }\nall()"],
  ])("using in %s closes at its end", async (_, code) => {
    await kernel.execute("closed.length = 0");
    expect(await text(code)).toMatch(/^'[fm]'$/);
    expect(await text("closed.join()")).toMatch(/^'(async )?[fm]'$/);
  });

  it("decorators are those of the standard", async () => {
    const decorated =
      "const twice = (value: (this: any) => number, _: ClassMethodDecoratorContext) => function (this: any) { return 2 * value.call(this) }\n" +
      "class Box { constructor(private x: number) {} @twice get() { return this.x } }\nnew Box(4).get()";
    expect(await text(decorated)).toBe("8");
  });
});
