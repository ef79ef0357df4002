/** Entry of the language worker: completion, inspection, completeness and types of cells, by TypeScript's language service. */
import { parentPort, workerData } from "node:worker_threads";
import { CellLanguage } from "./cell-language.js";
import type { CellModule } from "./cell-modules.js";
import { isComplete } from "./is-complete.js";
import type { Json } from "./messages.js";

/** To the language worker. */
export type LanguageRequest =
  | { readonly type: "executed"; readonly code: string }
  | { readonly type: "check"; readonly id: number; readonly code: string }
  | { readonly type: "complete" | "inspect" | "is_complete"; readonly id: number; readonly content: Json };

/** From the language worker. */
export interface LanguageAnswer {
  readonly id: number;
  readonly content: Json;
}

if (!parentPort)
  throw new TypeError("Cannot start the language worker on the main thread: start main.js instead");
const port = parentPort;
const language = new CellLanguage((workerData as { cwd: string }).cwd);

/** Milliseconds after a question in which checks wait, as who types asks again. */
const quiet = 200;
let lastQuestion = Number.NEGATIVE_INFINITY;

const unchecked: { readonly id: number; readonly cell: CellModule }[] = [];

port.on("message", (request: LanguageRequest) => {
  if (request.type === "executed") language.executed(request.code);
  else if (request.type === "check") {
    unchecked.push({ id: request.id, cell: language.next(request.code) });
    if (unchecked.length === 1) setImmediate(checkNext);
  } else {
    answer(request.id, () => contentOf(request.type, request.content));
    lastQuestion = performance.now();
  }
});

/** Checks one cell at a time, and none while somebody types, so that completion does not wait for a backlog. */
function checkNext(): void {
  const next = unchecked[0];
  if (!next) return;
  const wait = lastQuestion + quiet - performance.now();
  if (wait > 0) {
    setTimeout(checkNext, wait);
    return;
  }
  answer(next.id, () => ({ diagnostics: language.check(next.cell) }));
  unchecked.shift();
  if (unchecked.length > 0) setImmediate(checkNext);
}

function answer(id: number, content: () => Json): void {
  port.postMessage({ id, content: contentOrError(content) } satisfies LanguageAnswer);
}

/** The language service may stumble over half-typed code; that must not end it. */
function contentOrError(content: () => Json): Json {
  try {
    return content();
  } catch (error) {
    const { name, message } = error as Error;
    return { status: "error", ename: name, evalue: message, traceback: [] };
  }
}

function contentOf(type: "complete" | "inspect" | "is_complete", content: Json): Json {
  const code = String(content.code ?? "");
  const cursor = Number(content.cursor_pos ?? code.length);
  if (type === "is_complete") return isComplete(code);
  return type === "inspect" ? language.inspect(code, cursor) : language.complete(code, cursor);
}
