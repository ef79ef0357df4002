const adopted = new WeakMap<Document | ShadowRoot, Set<string>>();

/** Adds rules once to the document or shadow tree that `node` stands in. Needs no `<style>` element. */
export function adoptStyle(node: Node, rules: string): void {
  const root = node.getRootNode();
  const target = root instanceof ShadowRoot ? root : document;
  const known = adopted.get(target) ?? new Set();
  if (known.has(rules)) return;
  adopted.set(target, known.add(rules));
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  target.adoptedStyleSheets = [...target.adoptedStyleSheets, sheet];
}
