import { join } from "node:path";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import { FileError } from "../../errors.js";
import { type JsonObject, readJsonFile } from "../../formats/json-file.js";

/** Cuts texts into the ids that a sentence model reads, special tokens (`[CLS]`, `[SEP]`) included. */
export interface TextEncoder {
  /** At most `longest` ids: the text is cut at its end, special tokens stay. */
  encode(text: string, longest: number): Int32Array;
}

/**
 * The tokenizer in a folder. Unlike a language model's it need not give text back, so it may be of any kind, WordPiece too.
 *
 * @throws {FileError} If there is none, or it is damaged.
 */
export async function loadTextEncoder(folder: string): Promise<TextEncoder> {
  const path = join(folder, "tokenizer.json");
  const json = await readJsonFile(path);
  const settings = (await readJsonFile(join(folder, "tokenizer_config.json"))) ?? {};
  if (!json) throw new FileError(`Cannot read the tokenizer "${path}": there is no such file`, path);
  const hub = openTokenizer(json, settings, path);
  const ids = (text: string, special: boolean) => hub.encode(text, { add_special_tokens: special }).ids;
  return {
    encode(text, longest) {
      const whole = ids(text, true);
      const excess = whole.length - longest;
      if (excess <= 0) return Int32Array.from(whole);
      const plain = ids(text, false);
      const before = specialsBefore(whole, plain);
      const end = before + plain.length;
      return Int32Array.from([...whole.slice(0, end - excess), ...whole.slice(end)]);
    },
  };
}

function openTokenizer(json: JsonObject, settings: JsonObject, path: string): HubTokenizer {
  try {
    return new HubTokenizer(json, settings);
  } catch (cause) {
    throw new FileError(`Cannot read the tokenizer "${path}": ${(cause as Error).message}`, path, { cause });
  }
}

function specialsBefore(whole: readonly number[], plain: readonly number[]): number {
  let before = 0;
  while (before < whole.length - plain.length && !plain.every((id, i) => whole[before + i] === id)) before++;
  return before;
}
