// @ts-check
/** The thread on which long texts are encoded. Answers the messages of `tokenizer-thread.ts` in their order. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { Tokenizer } from "@huggingface/tokenizers";

/** @import { TokenizerFiles } from "./tokenizer-thread.js" */

/** @type {Tokenizer | undefined} */
let tokenizer;

parentPort?.on("message", (/** @type {{ id: number, text: string }} */ { id, text }) => {
  try {
    tokenizer ??= load(workerData);
    const value = Int32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids);
    parentPort?.postMessage({ id, value }, [value.buffer]);
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});

/** @param {TokenizerFiles} files */
function load({ folder, hash }) {
  const bytes = readFileSync(join(folder, "tokenizer.json"));
  if (createHash("sha256").update(bytes).digest("hex") !== hash) {
    throw new Error("its tokenizer.json has changed since; load the model again");
  }
  return new Tokenizer(JSON.parse(bytes.toString()), settings(join(folder, "tokenizer_config.json")));
}

/** @param {string} path */
function settings(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return {};
  }
}
