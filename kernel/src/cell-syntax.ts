import type * as acorn from "acorn";

/** A syntax tree node as acorn makes it, seen as a bag of properties. */
export type AnyNode = acorn.Node & { readonly [key: string]: unknown };

/** Calls `visit` on a node and its descendants, parents first; `visit` returns false to stay out of a node. */
export function walk(node: acorn.Node, visit: (node: AnyNode, parent?: AnyNode) => boolean): void {
  const step = (current: AnyNode, parent?: AnyNode) => {
    if (visit(current, parent) === false) return;
    for (const child of childrenOf(current)) step(child, current);
  };
  step(node as AnyNode);
}

function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child && typeof child === "object" && typeof child.type === "string") children.push(child);
    }
  }
  return children;
}

/** Names that a binding pattern declares, in order. */
export function boundNames(pattern: acorn.Pattern): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === "RestElement" ? property.argument : property.value),
      );
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => (element ? boundNames(element) : []));
    case "RestElement":
      return boundNames(pattern.argument);
    case "AssignmentPattern":
      return boundNames(pattern.left);
    default:
      return [];
  }
}

/** Whether a node opens a function scope of its own, where `await` and `var` belong to someone else. */
export function isFunction(node: acorn.Node): boolean {
  return /^(Function(Declaration|Expression)|ArrowFunctionExpression|StaticBlock)$/.test(node.type);
}

/** Whether a cell waits at its top level: `await`, `for await`, or an import. */
export function awaitsAtTopLevel(program: acorn.Program): boolean {
  let found = false;
  walk(program, (node) => {
    if (isFunction(node)) return false;
    found ||= node.type === "AwaitExpression" || (node.type === "ForOfStatement" && node.await === true);
    found ||= node.type === "ImportDeclaration";
    return !found;
  });
  return found;
}

/** Identifiers that a cell reads or writes anywhere, without those that only name a property. */
export function usedNames(program: acorn.Program): Set<string> {
  const names = new Set<string>();
  walk(program, (node, parent) => {
    if (node.type === "ImportDeclaration") return false;
    if (node.type !== "Identifier") return true;
    const isKey =
      (parent?.type === "MemberExpression" && parent.property === node && !parent.computed) ||
      (parent?.type === "Property" && parent.key === node && !parent.computed && !parent.shorthand);
    if (!isKey) names.add(String(node.name));
    return true;
  });
  return names;
}
