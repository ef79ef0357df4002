import { createRequire } from "node:module";
import { join } from "node:path";
import { cellAwait, cellCaught, cellEach } from "./cell-awaits.js";
import { currentContext } from "./cell-context.js";
import { type CommRegistry, commsSymbol } from "./comms.js";
import type { Displays } from "./display.js";
import { awaitName, caughtName, eachName, importName, metaName } from "./hoist.js";
import type { KernelControls } from "./kernel-controls.js";
import { cellMeta, ModuleLoader } from "./module-loader.js";
import { type Publisher, publishSymbol } from "./publisher.js";
import type { Session } from "./session.js";
import { type Widgets, widgetsSymbol } from "./widgets.js";

/** Where the library finds the signal of the running cell without importing the kernel. */
export const signalSymbol = Symbol.for("Jupyter.signal");

/** Where the library finds what the front end says of the running cell. */
export const cellMetadataSymbol = Symbol.for("Jupyter.cell.metadata");

/** What cells, and the library through symbols, find on `globalThis`. */
export function installCellGlobals(parts: {
  readonly session: Session;
  readonly publisher: Publisher;
  readonly displays: Displays;
  readonly comms: CommRegistry;
  readonly widgets: Widgets;
  readonly kernel: KernelControls;
}): void {
  const { session, publisher, displays, comms, widgets, kernel } = parts;
  define("display", displays.display);
  define("clearOutput", displays.clearOutput);
  define("input", session.input);
  define("page", session.page);
  define("kernel", kernel);
  define("require", createRequire(join(process.cwd(), "cell.ts")));
  define(importName, new ModuleLoader().import);
  define(metaName, cellMeta());
  define(awaitName, cellAwait);
  define(eachName, cellEach);
  define(caughtName, cellCaught);
  define(commsSymbol, comms);
  define(widgetsSymbol, widgets);
  define(publishSymbol, publisher.display.bind(publisher));
  Object.defineProperty(globalThis, signalSymbol, {
    get: () => session.signal(currentContext()),
    configurable: true,
  });
  Object.defineProperty(globalThis, cellMetadataSymbol, {
    get: () => currentContext().metadata,
    configurable: true,
  });
}

function define(name: string | symbol, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}
