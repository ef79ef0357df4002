/**
 * Rewrites one cell so that its names outlive it.
 *
 * All top-level names of all cells live as `let` bindings in the script scope of the main context, declared once.
 * A declaration in a cell becomes an assignment: `const x = 1` → `;     x = 1`, `class A {}` → `;A=class A {};`,
 * `import {a as b} from "m"` → `;({"a":b}=await …("m"));`. Function declarations are taken out and run before the body.
 * So redeclaring anything works, and a function of cell 1 sees a variable that cell 2 reassigned, at native speed.
 *
 * What it costs, compared with a module: no temporal dead zone at top level (a name is `undefined`, or its older
 * value, before its declaration runs), a top-level `const` can be assigned, and imported bindings are copies.
 */
import * as acorn from "acorn";
import { type AnyNode, awaitsAtTopLevel, boundNames, isFunction, usedNames, walk } from "./cell-syntax.js";
import { type Position, positionOf, SourceEdits } from "./source-edits.js";

/** The global function that rewritten cells import through; as long as `import`, so that columns stay. */
export const importName = "__imp_";
/** The global object that stands for `import.meta`; as long as that, so that columns stay. */
export const metaName = "__cell_meta";
/** The global functions that rewritten cells wait through; see `cell-awaits.ts`. (`__await` is one of tslib.) */
export const awaitName = "__cell_await";
export const eachName = "__cell_each";
/** The global function that gets what a `catch` catches. */
export const caughtName = "__cell_caught";
/** Names what a `catch` of a cell leaves without a name. */
const errorName = "__cell_error";

/** A function declaration of a cell, as an assignment to be run before the cell. */
export interface HoistedFunction {
  readonly name: string;
  readonly code: string;
  /** Where the function starts in the body's code, which is blank there. */
  readonly position: Position;
  /** Characters of `code` before that position. */
  readonly lead: number;
}

/** A cell that is ready to run. */
export interface HoistedCell {
  /** Top-level names that the cell declares. */
  readonly names: readonly string[];
  readonly functions: readonly HoistedFunction[];
  /** The body; wrap it in an async function when `async`. */
  readonly code: string;
  readonly async: boolean;
  /** Whether the last statement is an expression, whose value the cell shows. */
  readonly showsResult: boolean;
  /** Moves a position in `code` back to the text that was given. */
  readonly original: (position: Position) => Position;
}

/**
 * Rewrites JavaScript (types already erased) of one cell.
 *
 * @param fresh Names whose bare `var` forgets the older value (as any `let` does, and other `var` do not).
 * @throws {SyntaxError} With `loc` (line from 1, column from 0) when the cell does not parse.
 */
export function hoist(source: string, fresh: ReadonlySet<string> = new Set()): HoistedCell {
  const program = parse(source);
  const edits = new SourceEdits(source);
  const names = new Set<string>();
  const functions: NamedFunction[] = [];
  walk(program, (node) => rewriteAnywhere(node, edits));
  for (const statement of program.body)
    rewriteStatement(statement, { edits, names, functions, program, fresh });
  rewriteNestedVars(program, edits, names);
  const async = awaitsAtTopLevel(program);
  const last = program.body.filter((node) => node.type !== "EmptyStatement").at(-1);
  const showsResult = last?.type === "ExpressionStatement";
  if (async && last?.type === "ExpressionStatement") returnValue(last, edits);
  return {
    names: [...names],
    ...takeFunctions(functions, edits, program.body.length > 1),
    async,
    showsResult,
    original: (position) => edits.original(position),
  };
}

type NamedFunction = acorn.FunctionDeclaration;

interface Rewriting {
  readonly edits: SourceEdits;
  readonly names: Set<string>;
  readonly functions: NamedFunction[];
  readonly program: acorn.Program;
  readonly fresh: ReadonlySet<string>;
}

function parse(source: string): acorn.Program {
  return acorn.parse(source, {
    ecmaVersion: "latest",
    sourceType: "module",
    allowAwaitOutsideFunction: true,
    allowHashBang: true,
  });
}

function returnValue(last: acorn.ExpressionStatement, edits: SourceEdits): void {
  const end = edits.source[last.end - 1] === ";" ? last.end - 1 : last.end;
  edits.insert(last.start, ";return (");
  edits.insert(end, ")");
}

function rewriteStatement(statement: acorn.Program["body"][number], cell: Rewriting): void {
  const { edits } = cell;
  switch (statement.type) {
    case "ImportDeclaration":
      rewriteImport(statement, cell);
      return;
    case "ExportAllDeclaration":
      edits.replace(statement.start, statement.end, ";");
      return;
    case "ExportNamedDeclaration":
      if (!statement.declaration) {
        edits.replace(statement.start, statement.end, ";");
        return;
      }
      edits.blank(statement.start, statement.declaration.start);
      rewriteDeclaration(statement.declaration, cell);
      return;
    case "ExportDefaultDeclaration":
      rewriteDefault(statement, cell);
      return;
    case "VariableDeclaration":
    case "FunctionDeclaration":
    case "ClassDeclaration":
      rewriteDeclaration(statement, cell);
      return;
  }
}

function rewriteDefault(statement: acorn.ExportDefaultDeclaration, cell: Rewriting): void {
  const value = statement.declaration;
  cell.edits.blank(statement.start, value.start);
  if ((value.type === "FunctionDeclaration" || value.type === "ClassDeclaration") && value.id) {
    rewriteDeclaration(value as acorn.Declaration, cell);
    return;
  }
  cell.edits.insert(value.start, ";(");
  cell.edits.insert(value.end, ");");
}

function rewriteDeclaration(node: acorn.Declaration, cell: Rewriting): void {
  if (node.type === "FunctionDeclaration") {
    cell.names.add(node.id.name);
    cell.functions.push(node);
    cell.edits.blank(node.id.start, node.id.end);
    return;
  }
  if (node.type === "ClassDeclaration") {
    cell.names.add(node.id.name);
    cell.edits.insert(node.start, `;${node.id.name}=`);
    cell.edits.insert(node.end, ";");
    return;
  }
  rewriteVariables(node, cell.edits, {
    names: cell.names,
    lead: ";",
    resets: (name) => node.kind !== "var" || cell.fresh.has(name),
  });
}

function rewriteVariables(
  node: acorn.VariableDeclaration,
  edits: SourceEdits,
  { names, lead, resets }: { names: Set<string>; lead: string; resets: (name: string) => boolean },
): void {
  for (const declarator of node.declarations) {
    const bound = boundNames(declarator.id);
    for (const name of bound) names.add(name);
    if (!declarator.init && bound.some(resets)) edits.insert(declarator.id.end, "=void 0");
  }
  const first = node.declarations[0];
  const opensBrace = first?.id.type === "ObjectPattern" && first.init;
  edits.blank(node.start, node.start + node.kind.length, lead + (opensBrace ? "0," : ""));
}

/** Nested `var` declarations belong to the cell's top level too. */
function rewriteNestedVars(program: acorn.Program, edits: SourceEdits, names: Set<string>): void {
  walk(program, (node, parent) => {
    if (isFunction(node)) return false;
    if (node.type !== "VariableDeclaration" || node.kind !== "var") return true;
    if (!parent || parent.type === "Program" || parent.type === "ExportNamedDeclaration") return true;
    const lead = /^(BlockStatement|SwitchCase)$/.test(parent.type) ? ";" : "";
    rewriteVariables(node as unknown as acorn.VariableDeclaration, edits, {
      names,
      lead,
      resets: () => false,
    });
    return true;
  });
}

/** Cuts the functions out of the edited text; both parts keep their places, so that one way back serves both. */
function takeFunctions(
  nodes: readonly NamedFunction[],
  edits: SourceEdits,
  hasMore: boolean,
): Pick<HoistedCell, "functions" | "code"> {
  const text = edits.toString();
  const rest = new SourceEdits(text);
  const functions = nodes.map(({ id: { name }, start, end }) => {
    const from = edits.generated(start);
    const to = edits.generated(end, { before: true });
    rest.blank(from, to, hasMore ? ";" : "");
    const lead = `${name}=`;
    return { name, code: lead + text.slice(from, to), position: positionOf(text, from), lead: lead.length };
  });
  return { functions, code: rest.toString() };
}

function rewriteImport(node: acorn.ImportDeclaration, { edits, names, program }: Rewriting): void {
  const used = usedNames(program);
  const target = (specifier: acorn.ImportDeclaration["specifiers"][number]) => specifier.local.name;
  const whole = node.specifiers.find((specifier) => specifier.type === "ImportNamespaceSpecifier");
  const named = node.specifiers.flatMap((specifier) => {
    if (specifier.type === "ImportNamespaceSpecifier") return [];
    return [{ key: importedName(specifier), local: target(specifier) }];
  });
  for (const specifier of node.specifiers) names.add(target(specifier));
  const wanted = named.filter(({ local }) => used.has(local)).map(({ key }) => key);
  const attributes = node.attributes?.map((a) => [attributeName(a), a.value.value]) ?? [];
  const call = `await ${awaitName}(${importName}(${[
    JSON.stringify(node.source.value),
    attributes.length > 0 ? JSON.stringify({ with: Object.fromEntries(attributes) }) : "undefined",
    JSON.stringify(wanted),
  ].join()}))`;
  const pattern = `{${named.map(({ key, local }) => `${JSON.stringify(key)}:${local}`).join()}}`;
  if (whole) edits.replace(node.start, node.end, `;${target(whole)}=${call};(${pattern}=${target(whole)});`);
  else if (named.length > 0) edits.replace(node.start, node.end, `;(${pattern}=${call});`);
  else edits.replace(node.start, node.end, `;${call};`);
}

function importedName(specifier: acorn.ImportSpecifier | acorn.ImportDefaultSpecifier): string {
  if (specifier.type === "ImportDefaultSpecifier") return "default";
  return specifier.imported.type === "Identifier"
    ? specifier.imported.name
    : String(specifier.imported.value);
}

function attributeName({ key }: acorn.ImportAttribute): string {
  return key.type === "Identifier" ? key.name : String(key.value);
}

/** What is rewritten wherever it stands: `import()`, `import.meta`, and what an interrupt ends. */
function rewriteAnywhere(node: AnyNode, edits: SourceEdits): boolean {
  if (node.type === "VariableDeclaration" && /using/.test(String(node.kind)))
    throw new SyntaxError("Cannot run using before it is lowered");
  if (node.type === "ImportExpression") edits.replace(node.start, node.start + "import".length, importName);
  if (node.type === "MetaProperty" && (node.meta as AnyNode).name === "import") {
    edits.replace(node.start, node.end, metaName);
  }
  if (node.type === "AwaitExpression") {
    edits.insert(node.start + "await".length, ` ${awaitName}(`);
    edits.insert(node.end, ")");
  }
  if (node.type === "ForOfStatement" && node.await === true) {
    const { start, end } = node.right as AnyNode;
    edits.insert(start, `${eachName}(`);
    edits.insert(end, ")");
  }
  if (node.type === "CatchClause") rewriteCatch(node as unknown as acorn.CatchClause, edits);
  return true;
}

function rewriteCatch({ param, body }: acorn.CatchClause, edits: SourceEdits): void {
  const check = (name: string) => `${caughtName}(${name});`;
  if (param && param.type !== "Identifier") {
    edits.insert(param.start, `${errorName}){${check(errorName)}let `);
    edits.replace(param.end, body.start + 1, `=${errorName};`);
    return;
  }
  if (!param) edits.insert(body.start, `(${errorName})`);
  edits.insert(body.start + 1, check(param?.name ?? errorName));
}
