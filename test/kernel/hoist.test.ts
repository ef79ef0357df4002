import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import vm from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellAwait, cellCaught, cellEach } from "../../kernel/src/cell-awaits.js";
import { awaitName, caughtName, eachName, hoist } from "../../kernel/src/hoist.js";
import { prepareCell } from "../../kernel/src/prepare-cell.js";
import { ScriptExecutor } from "../../kernel/src/script-executor.js";

const awaits = { [awaitName]: cellAwait, [eachName]: cellEach, [caughtName]: cellCaught };

/** Runs cells one after another, and returns the values of the expressions that end them. */
async function runCells(cells: readonly string[], globals: object = {}): Promise<unknown[]> {
  const context = vm.createContext({ ...awaits, ...globals });
  const executor = new ScriptExecutor({ context });
  const values: unknown[] = [];
  for (const [i, code] of cells.entries()) {
    const { value, showsResult } = await executor.run(code, `cell-${i + 1}.ts`);
    values.push(showsResult ? await value : undefined);
  }
  return values;
}

describe("hoist()", () => {
  it("turns declarations into assignments of the same length", () => {
    expect(hoist("const x = 1").code).toBe(";     x = 1");
    expect(hoist("let {a, b: [c]} = d").code).toBe(";0, {a, b: [c]} = d");
    expect(hoist("for (var i of list) {}").code).toBe("for (    i of list) {}");
    expect(hoist("if (a) var {b} = c; else var d = 1").code).toBe("if (a) 0,  {b} = c; else     d = 1");
  });

  it("names what a cell declares, nested var included, block scopes excluded", () => {
    const source = `import d, * as ns from "m"; import { x as y } from "m";
      const { a, b: [c = 1, ...rest] } = {}; function f() { var inner }
      class K {} for (var i = 0; ;) { let hidden; var deep }`;
    expect(new Set(hoist(source).names)).toEqual(
      new Set(["d", "ns", "y", "a", "c", "rest", "f", "K", "i", "deep"]),
    );
  });

  it("waits only for what is at the top level", () => {
    expect(hoist("await f()").async).toBe(true);
    expect(hoist("for await (const x of y) {}").async).toBe(true);
    expect(hoist("async function f() { await g() }").async).toBe(false);
    expect(hoist("const f = async () => await g()").async).toBe(false);
  });

  it("shows a result only when the last statement is an expression", () => {
    expect(hoist("1;\nx").showsResult).toBe(true);
    expect(hoist("x;;").showsResult).toBe(true);
    expect(hoist("x\nfunction f() {}").showsResult).toBe(false);
    expect(hoist("const x = 1").showsResult).toBe(false);
  });

  it("keeps automatic semicolons where they were", async () => {
    const values = await runCells([
      "let log = []\nconst f = () => { log.push('f') }\n(log).push(1)",
      "let g = 1\nclass A {}\n(log).push(2)",
      "log\nfunction h() {}\n[log.length]",
      "var x = 1\nvar y = x\n++x\n;[x, y].join()",
    ]);
    expect(values).toEqual([1, 2, [2], "2,1"]);
  });

  it("returns a parenthesised, awaited or spread value", async () => {
    expect(
      await runCells(["(await 1) + 1", "(1, await 2)", "[...await [3]].at(0) // three\n", "await 4;"]),
    ).toEqual([2, 2, 3, 4]);
  });

  it("names what is exported by default", async () => {
    const values = await runCells([
      "export default function f() { return 1 }\nexport const a = 2",
      "f() + a",
    ]);
    expect(values.at(-1)).toBe(3);
    expect((await runCells(["export default class K { x = 4 }", "new K().x"])).at(-1)).toBe(4);
    expect(await runCells(["export default await 5", "6"])).toEqual([undefined, 6]);
  });

  it("lets functions recurse through the newest definition", async () => {
    const values = await runCells([
      "function f(n) { return n < 1 ? 'old' : f(n - 1) }",
      "const old = f; f = () => 'new'; old(1)",
    ]);
    expect(values.at(-1)).toBe("new");
    expect((await runCells(["function named() {}", "named.name"])).at(-1)).toBe("named");
  });

  it("does not hide a global when its redeclaration fails", () => {
    Reflect.set(globalThis, "hoistedAnswer", 42);
    const executor = new ScriptExecutor();
    expect(() => executor.run("let hoistedAnswer = (() => { throw 1 })()", "cell-1.ts")).toThrow();
    expect(executor.run("hoistedAnswer", "cell-2.ts")).toMatchObject({ value: 42 });
  });

  it("rewrites import() and import.meta inside functions too", () => {
    const { functions } = hoist("function f() { return [import('x'), import.meta.url] }");
    expect(functions[0]?.code).toBe("f=function  () { return [__imp_('x'), __cell_meta.url] }");
  });

  it("waits so that an interrupt ends it, and lets no catch have that", async () => {
    const values = await runCells([
      "let log = []; async function f(x) { for await (const y of x) { await (log.push(y), null) } }",
      "await f([1, Promise.resolve(2)]); const g = async (x) => await await x; log.push(await g(3)); log",
      "try { throw { a: 4 } } catch ({ a, b = 5 }) { log.push(a, b) }",
      "try { throw 6 } catch (e) { log.push(e) } try { throw 0 } catch { log.push(7) } await 1, log.join('')",
      "{ async function* h() { try { yield 8; await 1 } finally { log.push('closed') } } for await (const x of h()) break } log.at(-1)",
    ]);
    expect(values.slice(-2)).toEqual(["1234567", "closed"]);
  });

  it("has globals of its own, which tslib leaves alone", () => {
    const tslib = vm.createContext({});
    vm.runInContext(readFileSync(createRequire(import.meta.url).resolve("tslib"), "utf8"), tslib);
    expect(Object.keys(tslib)).toContain("__await");
    for (const name of [awaitName, eachName, caughtName]) expect(Object.keys(tslib)).not.toContain(name);
  });

  it("finds its way back in functions and behind them, whatever they wait for", () => {
    const source =
      "await a; async function f() { await b; /*1*/ } async function g() {\n await c; /*2*/ } await d; /*3*/";
    const { code, functions, original } = hoist(source);
    for (const [n, text] of [
      functions[0],
      functions[1],
      { code, position: { line: 1, column: 1 }, lead: 0 },
    ].entries()) {
      const mark = `/*${n + 1}*/`;
      const before = (text?.code ?? "").split(mark)[0] ?? "";
      const lines = before.split("\n");
      const { position = { line: 1, column: 1 }, lead = 0 } = text ?? {};
      const column = (lines.at(-1) ?? "").length + 1 + (lines.length === 1 ? position.column - 1 - lead : 0);
      const at = original({ line: position.line + lines.length - 1, column });
      expect(source.split("\n")[at.line - 1]?.slice(at.column - 1, at.column + 4)).toBe(mark);
    }
  });

  it("finds its way back behind an edit", () => {
    const source = "class A {} ; let b, c; oops()";
    const { code, original } = hoist(source);
    const column = code.indexOf("oops") + 1;
    expect(original({ line: 1, column })).toEqual({ line: 1, column: source.indexOf("oops") + 1 });
  });
});

describe("prepareCell()", () => {
  it("throws a SyntaxError at the place as typed", () => {
    for (const [source, line, column] of [
      ["const x: number = ;", 1, 19],
      ["let a = 1\nlet a = 2", 2, 5],
      ["enum E { A }\nconst = 3", 2, 7],
    ] as const) {
      expect(() => prepareCell(source)).toThrow(
        expect.objectContaining({ name: "SyntaxError", position: { line, column } }),
      );
    }
  });

  it("erases types without moving anything", () => {
    const source = "const x = y as number; f<string>(x!); foo()";
    expect(prepareCell(source).code.indexOf("foo")).toBe(source.indexOf("foo"));
  });
});

/** A statement of a random program; declares a new name, or changes older ones. */
type Step = (fresh: string, older: readonly string[]) => { text: string; declares?: string };

const steps: Record<string, Step> = {
  let: (v, o) => ({ text: `let ${v} = ${o[0] ?? 1} + 1`, declares: v }),
  bare: (v) => ({ text: `let ${v}; ${v} = 3`, declares: v }),
  const: (v, o) => ({ text: `const ${v}: number = ${o[0] ?? 2} * 2`, declares: v }),
  var: (v, o) => ({ text: `var ${v} = ${o[0] ?? 3}, ${v}b = ${v} + 1`, declares: v }),
  object: (v, o) => ({ text: `const { a: ${v}, b: ${v}c = 5 } = { a: ${o[0] ?? 4} }`, declares: v }),
  array: (v, o) => ({ text: `let [${v}, , ...${v}r] = [${o[0] ?? 5}, 6, 7]`, declares: v }),
  await: (v, o) => ({ text: `const ${v} = await Promise.resolve(${o[0] ?? 6})`, declares: v }),
  add: (_, o) => ({ text: `log.push(${o.join(" + ") || 0})` }),
  function: (v, o) => ({
    text: `function ${v}f(x: number): number { return x + ${o[0] ?? 1} }\nlet ${v} = ${v}f(1)`,
    declares: v,
  }),
  closure: (v, o) => ({
    text: `let ${v} = 1\nconst ${v}c = () => { ${v} += ${o[0] ?? 1} }\n${v}c()`,
    declares: v,
  }),
  class: (v, o) => ({
    text: `class ${v}K { static y = ${o[0] ?? 1}; get z() { return ${v}K.y } }\nvar ${v} = new ${v}K().z`,
    declares: v,
  }),
  loop: (v, o) => ({
    text: `var ${v} = 0\nfor (var ${v}i = 0; ${v}i < 3; ${v}i++) ${v} += ${o[0] ?? 1}`,
    declares: v,
  }),
  of: (v, o) => ({
    text: `let ${v} = 0; for (const q of [1, ${o[0] ?? 2}]) { let h = q; ${v} += h }`,
    declares: v,
  }),
  branch: (v, o) => ({ text: `if (${o[0] ?? 1} > 3) { var ${v} = 1 } else var ${v} = 2`, declares: v }),
  brackets: (_, o) => ({ text: `;[${o[0] ?? 1}].forEach((x) => log.push(x))` }),
  parens: (_, o) => ({ text: `;(log).push(${o[0] ?? 1})` }),
  change: (_, o) => ({ text: `log.push(log.length)${o[0] ? `\n/* ${o[0]} */` : ""}` }),
};

function programOf(choices: readonly { kind: string; pick: number }[]): string[] {
  const declared: string[] = [];
  return choices.map(({ kind, pick }, i) => {
    const older =
      declared.length > 0 ? [declared[pick % declared.length] as string, ...declared.slice(-2)] : [];
    const { text, declares } = (steps[kind] as Step)(`v${i}`, older);
    if (declares) declared.push(declares);
    return text;
  });
}

const choice = fc.record({ kind: fc.constantFrom(...Object.keys(steps)), pick: fc.nat(20) });

describe("a program", () => {
  it("does in cells what it does as a whole", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(choice, { maxLength: 14 }),
        fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
        async (choices, cuts) => {
          const statements = programOf(choices);
          const cells: string[][] = [[]];
          for (const [i, statement] of statements.entries()) {
            if (cuts[i]) cells.push([]);
            cells.at(-1)?.push(statement);
          }
          const whole: number[] = [];
          const split: number[] = [];
          const javascript = prepareTypes(statements.join("\n"));
          await vm.runInContext(
            `(async () => { "use strict"; ${javascript}\n})()`,
            vm.createContext({ log: whole }),
          );
          await runCells(
            cells.map((cell) => cell.join("\n")),
            { log: split },
          );
          expect(split).toEqual(whole);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** The random programs have types in two places only. */
function prepareTypes(source: string): string {
  return source.replace(/: number/g, "");
}
