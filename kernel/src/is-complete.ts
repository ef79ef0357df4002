import type { Json } from "./messages.js";
import { ts } from "./typescript.js";

/** Content of `is_complete_reply`: whether a cell could run as it is (section "Code completeness"). */
export function isComplete(code: string): Json {
  const { diagnostics = [] } = ts.transpileModule(code, {
    reportDiagnostics: true,
    fileName: "cell.ts",
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  const first = diagnostics.find((diagnostic) => diagnostic.category === ts.DiagnosticCategory.Error);
  if (!first) return { status: "complete" };
  const atEnd = (first.start ?? 0) >= code.trimEnd().length;
  if (!atEnd || !expectsMore(first)) return { status: "invalid" };
  return { status: "incomplete", indent: "  ".repeat(openBrackets(code)) };
}

/** Unterminated literals and comments, and anything "expected" at the end. */
function expectsMore(diagnostic: ts.Diagnostic): boolean {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
  return /expected|Unterminated template|\*\/|Unterminated regular/.test(text);
}

const opening = [ts.SyntaxKind.OpenBraceToken, ts.SyntaxKind.OpenParenToken, ts.SyntaxKind.OpenBracketToken];
const closing = [
  ts.SyntaxKind.CloseBraceToken,
  ts.SyntaxKind.CloseParenToken,
  ts.SyntaxKind.CloseBracketToken,
];

function openBrackets(code: string): number {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, code);
  let depth = 0;
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    if (opening.includes(token)) depth++;
    if (closing.includes(token)) depth--;
  }
  return Math.max(0, depth);
}
