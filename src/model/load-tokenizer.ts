import { createHash } from "node:crypto";
import { join } from "node:path";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import { FileError } from "../errors.js";
import { readFileBytes } from "../formats/file-source.js";
import { type JsonObject, readJsonFile } from "../formats/json-file.js";
import { type TokenBytes, tokenBytes } from "./token-bytes.js";
import type { Tokenizer } from "./tokenizer.js";
import { type TokenizerFiles, TokenizerThread } from "./tokenizer-thread.js";

/**
 * The tokenizer in a folder: `tokenizer.json`, and beside it, for the BOS token,
 * `tokenizer_config.json`, `special_tokens_map.json` or `config.json`.
 *
 * @throws {FileError} If the folder has no tokenizer, or it is damaged or of an unknown kind.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, "tokenizer.json");
  const bytes = await readFileBytes(path);
  const json = await readJsonFile(path);
  const settings = (await readJsonFile(join(folder, "tokenizer_config.json"))) ?? {};
  const special = (await readJsonFile(join(folder, "special_tokens_map.json"))) ?? {};
  const model = (await readJsonFile(join(folder, "config.json"))) ?? {};
  const bos = bosToken(settings, special);
  try {
    return new FolderTokenizer(json as JsonObject, {
      settings,
      bos: bos === undefined ? model.bos_token_id : bos,
      folder,
      hash: createHash("sha256").update(bytes).digest("hex"),
    });
  } catch (cause) {
    throw new FileError(`Cannot read the tokenizer "${path}": ${(cause as Error).message}`, path, { cause });
  }
}

class FolderTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly hash: string;
  readonly #hub: HubTokenizer;
  readonly #bytes: TokenBytes;
  readonly #thread: TokenizerThread;

  constructor(json: JsonObject, options: { settings: JsonObject; bos: unknown } & TokenizerFiles) {
    this.#hub = new HubTokenizer(json, options.settings);
    this.#thread = new TokenizerThread({ folder: options.folder, hash: options.hash });
    this.hash = options.hash;
    let last = -1;
    for (const id of this.#hub.get_vocab().values()) {
      if (!(Number.isSafeInteger(id) && id >= 0)) throw new TypeError(`its vocabulary has the id ${id}`);
      last = Math.max(last, id);
    }
    // Parts that are missing or damaged show only when text is read.
    this.#hub.encode("Some text, 1.", { add_special_tokens: false });
    this.vocabSize = last + 1;
    const bos = typeof options.bos === "string" ? this.#hub.token_to_id(options.bos) : options.bos;
    this.bosId = typeof bos === "number" && bos <= last ? bos : undefined;
    const added = this.#hub.get_added_tokens_decoder();
    this.#bytes = tokenBytes(json, { of: (id) => this.#hub.id_to_token(id), isAdded: (id) => added.has(id) });
  }

  encode(text: string): Int32Array {
    return Int32Array.from(this.#hub.encode(text, { add_special_tokens: false }).ids);
  }

  async encodeLong(text: string): Promise<Int32Array> {
    return await this.#thread.encode(text);
  }

  decode(ids: ArrayLike<number>): string {
    return this.pieces(ids).join("");
  }

  pieces(ids: ArrayLike<number>): string[] {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const pieces = Array.from(ids, (id, i) => {
      const bytes = this.#bytes.bytes(id);
      if (!bytes) {
        throw new RangeError(
          `Cannot decode id ${id}: the vocabulary has ids 0 to ${this.vocabSize - 1}; use the model's own tokenizer`,
        );
      }
      const strip = i === 0 && this.#bytes.stripsFirstSpace && bytes[0] === 0x20;
      return decoder.decode(strip ? bytes.subarray(1) : bytes, { stream: true });
    });
    // An unfinished character at the end shows as U+FFFD.
    if (pieces.length > 0) pieces[pieces.length - 1] += decoder.decode();
    return pieces;
  }
}

/** `null`: the model was not trained with one; `undefined`: the tokenizer's files do not say. */
function bosToken(settings: JsonObject, special: JsonObject): string | null | undefined {
  if (settings.add_bos_token === false || settings.bos_token === null) return null;
  const token = settings.bos_token ?? special.bos_token;
  if (typeof token === "string") return token;
  const content = (token as JsonObject | undefined)?.content;
  return typeof content === "string" ? content : undefined;
}
