/**
 * Keeps JupyterLab's shortcuts away. It must stand on the very element that has the focus: many shortcuts
 * are bound to `:focus`, which JupyterLab matches before it looks at the parents.
 */
export const ownKeys = { "data-lm-suppress-shortcuts": "true" } as const;

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Makes an element. Strings become text nodes and nothing else: what a model wrote is data.
 * An attribute that is `undefined` or `false` is left out.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : `${value}`);
  }
  made.append(...children);
  return made;
}
