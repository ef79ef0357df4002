/**
 * Erases types from a cell.
 *
 * `amaro` (the eraser that Node itself ships) replaces types by blanks, so every position stays true. Syntax that is
 * not erasable (enums, namespaces, parameter properties), and syntax that V8 does not know yet (decorators, `using`),
 * goes through TypeScript's own transpiler with a source map; that loads only when a cell needs it.
 */
/// <reference path="./amaro.d.ts" />
import { createRequire, SourceMap, type SourceMapPayload } from "node:module";
import type ts from "typescript";
import { CellSyntaxError } from "./cell-error.js";
import type { Position } from "./source-edits.js";

const require = createRequire(import.meta.url);

/** JavaScript of a cell, and the way back to the TypeScript. */
export interface ErasedCell {
  readonly code: string;
  readonly original: (position: Position) => Position;
  /** Whether the cell as typed ends in an expression; left open when the code has the same statements. */
  readonly showsResult?: boolean;
  /** Names of enums and namespaces, which start anew with each cell that declares them. */
  readonly merged?: ReadonlySet<string>;
}

/**
 * Erases types in place; throws what `amaro` throws (no position in it) when it cannot.
 */
export function stripTypes(source: string): ErasedCell {
  const amaro = require("amaro") as typeof import("amaro");
  const { code } = amaro.transformSync(source, { mode: "strip-only" });
  return { code, original: (position) => position };
}

/**
 * Translates a cell with TypeScript, down to what V8 of Node 20 runs.
 *
 * @throws {CellSyntaxError} When the cell does not parse.
 */
export function transpile(source: string): ErasedCell {
  const compiler = require("typescript") as typeof ts;
  const { outputText, sourceMapText, diagnostics } = compiler.transpileModule(source, {
    reportDiagnostics: true,
    fileName: "cell.ts",
    compilerOptions: {
      target: compiler.ScriptTarget.ES2022,
      module: compiler.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      sourceMap: true,
      removeComments: false,
    },
  });
  const wrong = diagnostics?.find((diagnostic) => diagnostic.category === compiler.DiagnosticCategory.Error);
  if (wrong) throw syntaxError(compiler, source, wrong);
  const file = compiler.createSourceFile("cell.ts", source, compiler.ScriptTarget.Latest);
  const last = file.statements.filter((statement) => !compiler.isEmptyStatement(statement)).at(-1);
  const map = new SourceMap(JSON.parse(sourceMapText ?? "{}") as SourceMapPayload);
  return {
    code: outputText.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "").replace(/\nexport \{\};\s*$/, ""),
    original: (position) => mapped(map, position),
    showsResult: last !== undefined && compiler.isExpressionStatement(last),
    merged: new Set(
      file.statements.flatMap((statement) =>
        compiler.isEnumDeclaration(statement) || compiler.isModuleDeclaration(statement)
          ? [statement.name.text]
          : [],
      ),
    ),
  };
}

/**
 * JavaScript of a whole TypeScript file, in place where that can be.
 *
 * @throws {CellSyntaxError} When the file does not parse.
 */
export function eraseTypes(source: string): ErasedCell {
  try {
    return stripTypes(source);
  } catch {
    return transpile(source);
  }
}

function mapped(map: SourceMap, { line, column }: Position): Position {
  const entry = map.findEntry(line - 1, column - 1);
  if (!("originalLine" in entry)) return { line, column };
  return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

function syntaxError(compiler: typeof ts, source: string, diagnostic: ts.Diagnostic): CellSyntaxError {
  const message = compiler.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
  const file = compiler.createSourceFile("cell.ts", source, compiler.ScriptTarget.Latest);
  const at = file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
  return new CellSyntaxError(message.replace(/\.$/, ""), { line: at.line + 1, column: at.character + 1 });
}
