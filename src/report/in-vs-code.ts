import { notebookCellMetadata } from "../display.js";

/**
 * Whether VS Code shows what the running cell displays. Its Jupyter extension takes scripts of widgets from a CDN alone
 * unless the kernel is Python's, and shows nothing in place of a widget whose script it does not find; scripts within HTML
 * run (vscode-jupyter 2025.4.1, `nbExtensionsPathProvider.node.ts`). It says which of its cells it runs
 * (`cellExecution.ts`); beside that, a kernel that it started itself has a variable that VS Code's terminals do not inherit.
 */
export function inVsCode(): boolean {
  const { cellId } = notebookCellMetadata() ?? {};
  if (typeof cellId === "string" && cellId.startsWith("vscode-notebook-cell")) return true;
  return process.env.VSCODE_ESM_ENTRYPOINT?.endsWith("extensionHostProcess") === true;
}
