/**
 * Cells as modules, for the language service.
 *
 * TypeScript should see a cell with the names of earlier cells in scope, where the newest declaration counts. So each
 * cell becomes a virtual module that exports what it declares and imports what it lacks from the newest cell that has
 * it. A `let` or `var` is declared with the older cell's type instead, because an import cannot be assigned. Imports
 * and exports go before the cell, so that an unfinished one does not swallow them.
 */
import { ts } from "./typescript.js";

/** A cell as the language service sees it. */
export interface CellModule {
  readonly fileName: string;
  readonly text: string;
  /** Where the cell starts in `text`. */
  readonly start: number;
  /** Names that come from earlier cells, and whether they can be assigned. */
  readonly earlier: ReadonlyMap<string, { readonly mutable: boolean }>;
}

/** Executed cells, and the text of any further one. */
export class CellModules {
  readonly #folder: string;
  readonly #modules = new Map<string, CellModule>();
  readonly #owners = new Map<string, { readonly cell: string; readonly mutable: boolean }>();
  #added = 0;

  /** @param folder The notebook's folder; relative imports start there. */
  constructor(folder: string) {
    this.#folder = folder.replaceAll("\\", "/");
  }

  /** Modules of executed cells that declare something. */
  get modules(): ReadonlyMap<string, CellModule> {
    return this.#modules;
  }

  /** Adds an executed cell. */
  add(source: string): void {
    const file = parse(source);
    const declared = declaredNames(file);
    if (declared.length === 0) return;
    const cell = `cell-${++this.#added}`;
    const module = this.#module(cell, { source, declared, wanted: usedNames(file) });
    this.#modules.set(module.fileName, module);
    for (const { name, mutable } of declared) this.#owners.set(name, { cell, mutable });
  }

  /** The module of a cell that is being typed; it sees all names. */
  typed(source: string): CellModule {
    const declared = declaredNames(parse(source));
    return this.#module("cell-0", { source, declared, wanted: this.#owners.keys() });
  }

  /** The module of a cell that is about to run; it sees the names that it uses, as they are now. */
  next(source: string): CellModule {
    const file = parse(source);
    return this.#module("cell-0", { source, declared: declaredNames(file), wanted: usedNames(file) });
  }

  #module(
    cell: string,
    {
      source,
      declared,
      wanted,
    }: { source: string; declared: readonly Declaration[]; wanted: Iterable<string> },
  ): CellModule {
    const own = new Set(declared.map(({ name }) => name));
    const earlier = new Map<string, { cell: string; mutable: boolean }>();
    for (const name of wanted) {
      const owner = own.has(name) ? undefined : this.#owners.get(name);
      if (owner) earlier.set(name, owner);
    }
    const lines = [...earlier].map(([name, { cell, mutable }]) =>
      mutable
        ? `declare let ${name}: typeof import("./${cell}.js").${name};`
        : `import { ${name} } from "./${cell}.js";`,
    );
    const exported = declared.filter((declaration) => !declaration.exported).map(({ name }) => name);
    const head = `${lines.join(" ")} export { ${[...new Set(exported)].join(", ")} };\n`;
    const [lead, tail] = isObjectLiteral(source) ? ["(", ")"] : ["", ""];
    const fileName = `${this.#folder}/${cell}.ts`;
    return { fileName, text: head + lead + source + tail, start: head.length + lead.length, earlier };
  }
}

interface Declaration {
  readonly name: string;
  /** Whether the cell exports it itself. */
  readonly exported: boolean;
  /** Whether it can be assigned. */
  readonly mutable: boolean;
}

function parse(source: string): ts.SourceFile {
  return ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest);
}

/** Values and types that a cell declares at its top level. */
function declaredNames(file: ts.SourceFile): Declaration[] {
  return file.statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    const exported = modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    const mutable =
      ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Const) === 0;
    const own = namesOf(statement).map((name) => ({ name, exported, mutable }));
    return [...own, ...nestedVars(statement).map((name) => ({ name, exported: false, mutable: true }))];
  });
}

/** Names of `var` declarations inside a statement, which belong to the cell's top level too. */
function nestedVars(statement: ts.Statement): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === 0)
      names.push(...node.declarations.flatMap(({ name }) => boundNames(name)));
    ts.forEachChild(node, visit);
  };
  if (!ts.isVariableStatement(statement)) visit(statement);
  return names;
}

/** Whether a cell is an object literal, which would parse as a block. */
function isObjectLiteral(source: string): boolean {
  if (!/^\s*\{[\s\S]*\}\s*$/.test(source)) return false;
  const { diagnostics } = ts.transpileModule(`(${source})`, { reportDiagnostics: true });
  return diagnostics?.length === 0;
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  }
  if (ts.isImportDeclaration(statement)) return importedNames(statement.importClause);
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isModuleDeclaration(statement);
  return isNamed && statement.name && ts.isIdentifier(statement.name) ? [statement.name.text] : [];
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    ts.isOmittedExpression(element) ? [] : boundNames(element.name),
  );
}

function importedNames(clause: ts.ImportClause | undefined): string[] {
  const bindings = clause?.namedBindings;
  const named = bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({ name }) => name.text) : [];
  const whole = bindings && ts.isNamespaceImport(bindings) ? [bindings.name.text] : [];
  return [...(clause?.name ? [clause.name.text] : []), ...whole, ...named];
}

function usedNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}
