import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CellLanguage } from "../../kernel/src/cell-language.js";
import { initialSettings, outputLimit } from "../../kernel/src/kernel-settings.js";
import { typeCheckMode, typeError } from "../../kernel/src/type-check.js";
import { contentsOf, KernelClient, resultOf, root, streamText } from "./kernel-client.js";

describe("CellLanguage.check()", () => {
  let language: CellLanguage;
  beforeEach(() => {
    language = new CellLanguage(root);
  });

  /** Checks cells one after another; gives `line:column code` of what is wrong in each. */
  function check(cells: readonly string[]): string[][] {
    return cells.map((code) => {
      const found = language.check(language.next(code));
      language.executed(code);
      return found.map((diagnostic) => `${diagnostic.line}:${diagnostic.column} ${diagnostic.code}`);
    });
  }

  it("finds errors of type at the place as typed, against the newest of the earlier cells", () => {
    const cells = [
      "const point = { x: 1 }\nlet count = 1",
      "point.y\ncount = 'many'",
      "const point = 'text'; 1\n  const n: number = point",
      "point.toUpperCase()\nnoSuchName",
      "import { noSuchExport } from 'node:fs'",
      "import thing from 'no-such-package'",
    ];
    expect(check(cells)).toEqual([
      [],
      ["1:7 2339", "2:1 2322"],
      ["2:9 2322"],
      ["2:1 2304"],
      ["1:10 2305"],
      ["1:19 2307"],
    ]);
  });

  it("leaves syntax to the run, and sees a package's exports map", () => {
    expect(
      check(["const = 3", 'import { tableFromArrays } from "apache-arrow"; tableFromArrays(5)']),
    ).toEqual([[], ["1:65 2345"]]);
  });

  it.each(Object.entries(soundNotebooks()))("has nothing to say about %s", (_, cells) => {
    expect(check(cells)).toEqual(cells.map(() => []));
  });
});

/** Cells that people write, and that TypeScript would find fault with if they were modules of one program. */
function soundNotebooks(): Record<string, string[]> {
  return {
    "await and generators": [
      "await Promise.resolve(1)",
      "async function* gen() { yield 1 }",
      "for await (const x of gen()) console.log(x)",
    ],
    "packages, their types and namespaces": [
      'import * as arrow from "apache-arrow"\nimport type { Table } from "apache-arrow"',
      "const table: Table = arrow.tableFromArrays({ a: [1, 2] })",
      "table.numRows",
      'import { PathLike } from "node:fs"\nconst path: PathLike = "x"',
      'import { compile } from "vega-lite"\ntypeof compile',
      'import "data:text/javascript,1"',
      'import * as tslab from "tslab"; tslab.display.html("x")',
      'const { default: fs } = await import("node:fs"); fs.existsSync(".")',
    ],
    "JSON and import.meta": [
      'import pkg from "./package.json" with { type: "json" }',
      "pkg.version",
      '(await import("./package.json", { with: { type: "json" } })).default.name',
      'import.meta.url; import.meta.dirname; import.meta.filename; import.meta.resolve("./x.ts")',
    ],
    "decorators, using, enums, namespaces, parameter properties": [
      "const named = (_: unknown, context: ClassDecoratorContext) => { context.name }\n@named class Marked {}",
      "{ using r = { [Symbol.dispose]() {} }; r }",
      "await using q = { async [Symbol.asyncDispose]() {} }",
      "enum Color { Red, Green }\nnamespace N { export const y = 5 }",
      "Color.Red + N.y",
      "class Box { constructor(private x: number) {} get() { return this.x } }",
      "const boxes: Box[] = [new Box(3)]",
    ],
    "names that are declared again with another type": [
      "let n = 1",
      "n = 2; n++",
      "const n = 'text'",
      "n.toUpperCase()",
      "function n() { return 1 }",
      "n() + 1",
      "class n { static z = 1 }",
      "n.z",
      "import { join as n } from 'node:path'",
      "n('a', 'b')",
      "interface Shape { side: number }",
      "type Shape = { radius: number }; const shape: Shape = { radius: 1 }",
    ],
    "values that an earlier cell filled in": [
      "let held: string | undefined; const state = { model: null as string | null }",
      "held = 'x'; state.model = 'y'",
      "held.length + state.model.length",
      "if (true) { var nested = 1 }",
      "nested + 1",
      "type Outcome = { ok: true; value: string } | { ok: false; reason: string }\nconst outcome = JSON.parse('{}') as Outcome",
      "if (!outcome.ok) throw new Error(outcome.reason)",
      "outcome.value",
      "const found = ['a'].find((x) => x === 'a')",
      "if (!found) throw new Error('none')",
      "Buffer.from(found)",
    ],
    "types that nobody wrote": [
      "const list = []; list.push(1)",
      "list.push('a'); list[0]",
      "let open",
      "open = 3",
      "const parsed = JSON.parse('[1]'); parsed.map(x => x + 1)",
      "(function (a, b) { return a })(1, 2)",
    ],
    "globals of Node and of cells": [
      "fetch; new URL('http://a'); new AbortController(); structuredClone({}); performance.now(); crypto.randomUUID()",
      "new TextEncoder(); new Blob([]); setTimeout(() => {}, 1); queueMicrotask(() => {}); console.table([])",
      "Buffer.from('x'); process.env.HOME; globalThis.foo = 1; new Set([1]).union(new Set([2]))",
      "display({ a: 1 }); clearOutput({ wait: true }); await input('name', { password: true })",
      "const os = require('node:os')",
      "os.cpus()",
      "kernel.typeCheck('warn'); kernel.outputLimit(1e7)",
    ],
    "odd cells": ["{ a: 1, b: [2] }", "{ const inner = 1; inner }", "1, 2", "// a comment", "", "export {}"],
  };
}

describe("typeError()", () => {
  it("says how many more there are", () => {
    const found = Array.from({ length: 12 }, (_, i) => ({
      code: 2322,
      message: "wrong",
      line: 1,
      column: i + 1,
    }));
    const report = typeError(found, { name: "cell-1.ts", code: "abcdefghijklmnop" });
    expect(report.evalue).toBe("wrong (and 11 more)");
    expect(report.traceback[0]).toBe("cell-1.ts:1:1 TS2322: wrong");
    expect(report.traceback.at(-1)).toBe("and 2 more errors of type");
  });
});

describe("initialSettings()", () => {
  it("takes the argument first, then the environment", () => {
    expect(initialSettings({}, {})).toEqual({ typeCheck: "warn", outputLimit: 5_000_000 });
    const env = { SAELAB_TYPE_CHECK: "off", SAELAB_OUTPUT_LIMIT: "1000" };
    expect(initialSettings({}, env)).toEqual({ typeCheck: "off", outputLimit: 1000 });
    expect(initialSettings({ "type-check": "error" }, env).typeCheck).toBe("error");
  });

  it("says what can be chosen", () => {
    expect(() => typeCheckMode("strict")).toThrow(/with "strict": choose "warn", "error", "off"/);
    expect(() => outputLimit("much")).toThrow(/to "much" characters: give a positive number/);
  });
});

describe("a cell with an error of type", () => {
  let kernel: KernelClient;
  beforeAll(async () => {
    kernel = await KernelClient.start();
  });
  afterAll(() => kernel.stop());

  it("runs, and says so in its own output, however late", async () => {
    // The first check waits for TypeScript to load, so it may well come after idle.
    const { outputs } = await kernel.execute("const wide = 1\nconst text: string = wide");
    const id = outputs[0]?.parent?.msg_id;
    const warning = await kernel.until(({ content }) => content.name === "stderr");
    expect(warning.parent?.msg_id).toBe(id);
    expect(warning.content.text).toBe(
      "cell-1.ts:2:7 TS2322: Type 'number' is not assignable to type 'string'.\n" +
        "  1 | const wide = 1\n> 2 | const text: string = wide\n    |       ^\n",
    );
    expect(resultOf(await kernel.execute("text"))?.["text/plain"]).toBe("1");
  });

  it("does not run in mode error, and an earlier cell's names stay what they were", async () => {
    await kernel.execute("kernel.typeCheck('error')\nlet stays = 1");
    const wrong = await kernel.execute("stays = 2\nconst bad: number = 'x'");
    expect(wrong.reply).toMatchObject({ status: "error", ename: "TypeCheckError" });
    expect((wrong.reply.traceback as string[])[0]).toMatch(/^cell-\d+\.ts:2:7 TS2322: /);
    expect(contentsOf(wrong, "error").length).toBe(1);
    expect(resultOf(await kernel.execute("stays"))?.["text/plain"]).toBe("1");
    expect((await kernel.execute("bad")).reply.evalue).toMatch(/Cannot find name 'bad'/);
    expect((await kernel.execute("const = 1")).reply.ename).toBe("SyntaxError");
  });

  it("is not looked at in mode off", async () => {
    await kernel.execute("kernel.typeCheck('off')");
    const execution = await kernel.execute("const bad: number = 'x'; bad");
    expect(resultOf(execution)?.["text/plain"]).toBe("'x'");
    expect(streamText(execution, "stderr")).toBe("");
    expect((await kernel.execute("kernel.typeCheck('maybe' as 'off')")).reply.evalue).toMatch(
      /choose "warn"/,
    );
  });
});
