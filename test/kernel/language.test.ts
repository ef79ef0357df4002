import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { CellLanguage } from "../../kernel/src/cell-language.js";
import { codePointOffset, utf16Offset } from "../../kernel/src/code-points.js";
import { isComplete } from "../../kernel/src/is-complete.js";
import { root } from "./kernel-client.js";

let language: CellLanguage;
beforeAll(() => {
  language = new CellLanguage(root);
  language.executed("interface Point { x: number; label?: string }\nconst point: Point = { x: 1 }");
  language.executed('import * as arrow from "apache-arrow"\nimport { join as glue } from "node:path"');
  language.executed("export function shift(p: Point, by = 1): Point { return { ...p, x: p.x + by } }");
  language.executed("const point = 'a string now'");
});

/** Completes at the bar. */
function matches(code: string): string[] {
  return language.complete(code.replace("|", ""), [...code].indexOf("|")).matches as string[];
}

function documentation(code: string): string {
  const { data } = language.inspect(code.replace("|", ""), [...code].indexOf("|"));
  return String((data as Record<string, string>)["text/plain"]);
}

describe("CellLanguage.complete()", () => {
  it("knows names, types and packages of earlier cells, the newest first", () => {
    expect(matches("shift({ x: 1 }).|")).toEqual(["label", "x"]);
    expect(matches("point.toUpper|")).toEqual(["toUpperCase"]);
    expect(matches("arrow.tableF|")).toContain("tableFromArrays");
    expect(matches("const q: Poi|")).toContain("Point");
    expect(matches("glu|('a', 'b')")).toEqual(["glue"]);
  });

  it("says what each match is, for the front end's icons", () => {
    const { metadata } = language.complete("shift({ x: 1 }).", 16);
    const at = { start: 16, end: 16, type: "property" };
    expect(metadata).toEqual({
      _jupyter_types_experimental: [
        { ...at, text: "label" },
        { ...at, text: "x" },
      ],
    });
  });

  it("lets the cell that is typed declare a name anew", () => {
    expect(matches("const point = [1]; point.at|")).toEqual(["at"]);
  });

  it("works in a cell that is broken elsewhere", () => {
    expect(matches("shift(point.|")).toContain("toUpperCase");
    expect(matches("for (const x of [point]) { x.toUpper|")).toEqual(["toUpperCase"]);
  });

  it("offers the globals of cells, and Node's", () => {
    expect(matches("displ|")).toEqual(["display"]);
    expect(matches("process.vers|")).toEqual(["version", "versions"]);
  });

  it("counts in code points", () => {
    const code = "'😀'; Math.ma";
    expect(language.complete(code, [...code].length)).toMatchObject({
      matches: ["max"],
      cursor_start: 10,
      cursor_end: 12,
    });
  });
});

describe("CellLanguage.inspect()", () => {
  it("gives type and documentation, on a name and inside its call", () => {
    expect(documentation("shi|ft")).toBe("function shift(p: Point, by?: number): Point");
    expect(documentation("shift(|")).toBe("shift(p: Point, by?: number): Point");
    expect(documentation("displ|ay")).toMatch(/Shows a value now/);
    expect(documentation("point|")).toBe('const point: "a string now"');
  });

  it("finds nothing where nothing is", () => {
    expect(language.inspect("  ", 1)).toMatchObject({ status: "ok", found: false });
  });
});

describe("isComplete()", () => {
  it.each([
    ["", "complete"],
    ["const x = 1", "complete"],
    ["for await (const x of y) { await x }", "complete"],
    ["enum A { B }", "complete"],
    ["function f() {", "incomplete"],
    ["f(1,", "incomplete"],
    ["x +", "incomplete"],
    ["`open $1", "incomplete"],
    ["/* open", "incomplete"],
    ["}", "invalid"],
    ["x = )", "invalid"],
    ["const = 3", "invalid"],
    ['"open', "invalid"],
  ])("%j is %s", (code, status) => {
    expect(isComplete(code).status).toBe(status);
  });

  it("indents by open brackets", () => {
    expect(isComplete("function f() {\n  g([")).toEqual({ status: "incomplete", indent: "      " });
  });
});

describe("utf16Offset()", () => {
  it("is undone by codePointOffset()", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(30), (text, at) => {
        const codePoints = Math.min(at, [...text].length);
        expect(codePointOffset(text, utf16Offset(text, codePoints))).toBe(codePoints);
      }),
    );
  });
});
