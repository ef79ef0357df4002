/**
 * Whether VS Code's extension host started this process, as its Jupyter extension does with a kernel. The
 * extension takes scripts of widgets from a CDN alone unless the kernel is Python's, and shows nothing in
 * place of a widget whose script it does not find; scripts within HTML run (vscode-jupyter 2025.4.1,
 * `nbExtensionsPathProvider.node.ts`). Terminals of VS Code do not inherit the variable.
 */
export function inVsCode(): boolean {
  return process.env.VSCODE_ESM_ENTRYPOINT?.endsWith("extensionHostProcess") === true;
}
