/**
 * Cells as modules, for the language service.
 *
 * TypeScript should see a cell with the names of earlier cells in scope, where the newest declaration counts. So each
 * cell becomes a virtual module that exports what it declares and imports what it lacks from the newest cell that has
 * it. Imports and exports go before the cell, so that an unfinished one does not swallow them.
 */
import ts from "typescript";

/** A cell as the language service sees it. */
export interface CellModule {
  readonly fileName: string;
  readonly text: string;
  /** Where the cell starts in `text`. */
  readonly start: number;
}

/** Executed cells, and the text of any further one. */
export class CellModules {
  readonly #folder: string;
  readonly #modules = new Map<string, CellModule>();
  readonly #owners = new Map<string, string>();

  /** @param folder The notebook's folder; relative imports start there. */
  constructor(folder: string) {
    this.#folder = folder.replaceAll("\\", "/");
  }

  /** Modules of executed cells that declare something. */
  get modules(): ReadonlyMap<string, CellModule> {
    return this.#modules;
  }

  /** Adds an executed cell. */
  add(count: number, source: string): void {
    const file = parse(source);
    const declared = declaredNames(file);
    if (declared.length === 0) return;
    const name = `cell-${count}`;
    const fileName = `${this.#folder}/${name}.ts`;
    this.#modules.set(fileName, { fileName, ...this.#module(source, { declared, wanted: usedNames(file) }) });
    for (const declaration of declared) this.#owners.set(declaration.name, name);
  }

  /** The module of a cell that is being typed; it sees all names. */
  current(source: string): CellModule {
    const declared = declaredNames(parse(source));
    const wanted = new Set(this.#owners.keys());
    return { fileName: `${this.#folder}/cell-0.ts`, ...this.#module(source, { declared, wanted }) };
  }

  #module(
    source: string,
    { declared, wanted }: { declared: readonly Declaration[]; wanted: ReadonlySet<string> },
  ): Omit<CellModule, "fileName"> {
    const own = new Set(declared.map(({ name }) => name));
    const imports = new Map<string, string[]>();
    for (const name of wanted) {
      const owner = own.has(name) ? undefined : this.#owners.get(name);
      if (owner) imports.set(owner, [...(imports.get(owner) ?? []), name]);
    }
    const lines = [...imports].map(([cell, names]) => `import { ${names.join(", ")} } from "./${cell}.js";`);
    const exported = declared.filter((declaration) => !declaration.exported).map(({ name }) => name);
    const head = `${lines.join(" ")} export { ${[...new Set(exported)].join(", ")} };\n`;
    return { text: head + source, start: head.length };
  }
}

interface Declaration {
  readonly name: string;
  /** Whether the cell exports it itself. */
  readonly exported: boolean;
}

function parse(source: string): ts.SourceFile {
  return ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest);
}

/** Values and types that a cell declares at its top level. */
function declaredNames(file: ts.SourceFile): Declaration[] {
  return file.statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    const exported = modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    return namesOf(statement).map((name) => ({ name, exported }));
  });
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
