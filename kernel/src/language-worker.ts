/** Entry of the language worker: completion, inspection and completeness of cells, by TypeScript's language service. */
import { parentPort, workerData } from "node:worker_threads";
import { CellLanguage } from "./cell-language.js";
import { isComplete } from "./is-complete.js";
import type { Json } from "./messages.js";

/** To the language worker. */
export type LanguageRequest =
  | { readonly type: "executed"; readonly count: number; readonly code: string }
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

port.on("message", (request: LanguageRequest) => {
  if (request.type === "executed") language.executed(request.count, request.code);
  else
    port.postMessage({
      id: request.id,
      content: answer(request.type, request.content),
    } satisfies LanguageAnswer);
});

/** The language service may stumble over half-typed code; that must not end it. */
function answer(type: "complete" | "inspect" | "is_complete", content: Json): Json {
  try {
    return contentOf(type, content);
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
