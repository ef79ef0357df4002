/**
 * The bytes that each id stands for, read from `tokenizer.json`. Text of single tokens must be put
 * together from bytes: a character may span several tokens, and a library's decoder treats the
 * start of every call specially (SentencePiece strips a space there).
 *
 * Two families cover the causal language models on the hub: byte-level BPE (GPT-2, Llama 3, Qwen:
 * every byte is written as a printable character) and SentencePiece (Llama 2, Gemma, Mistral:
 * "▁" is a space, "<0x41>" a byte).
 */
import type { JsonObject } from "../formats/json-file.js";

export interface TokenBytes {
  /** Bytes of an id; `undefined` where the vocabulary has none. */
  bytes(id: number): Uint8Array | undefined;
  /** Whether one space at the very start of a text is an artefact of the tokenizer. */
  readonly stripsFirstSpace: boolean;
}

interface Decoding {
  kind: "byte-level" | "sentencepiece";
  replacement: string;
  byteFallback: boolean;
  stripsFirstSpace: boolean;
}

const utf8 = new TextEncoder();

/**
 * @param tokens Token of each id, as in the vocabulary.
 * @throws {TypeError} If the tokenizer's decoder is of neither family.
 */
export function tokenBytes(
  tokenizerJson: JsonObject,
  tokens: { of(id: number): string | undefined; isAdded(id: number): boolean },
): TokenBytes {
  const decoding = decodingOf(tokenizerJson.decoder);
  const cache = new Map<number, Uint8Array>();
  const compute = (id: number): Uint8Array | undefined => {
    const token = tokens.of(id);
    if (token === undefined) return undefined;
    if (decoding.kind === "sentencepiece") return sentencePieceBytes(token, decoding);
    return (tokens.isAdded(id) ? undefined : byteLevelBytes(token)) ?? utf8.encode(token);
  };
  return {
    stripsFirstSpace: decoding.stripsFirstSpace,
    bytes(id) {
      const known = cache.get(id) ?? compute(id);
      if (known) cache.set(id, known);
      return known;
    },
  };
}

function decodingOf(decoder: unknown): Decoding {
  const steps = flatten(decoder as JsonObject | null);
  const step = (type: string) => steps.find((s) => s.type === type);
  if (step("ByteLevel")) {
    return { kind: "byte-level", replacement: "", byteFallback: false, stripsFirstSpace: false };
  }
  const metaspace = step("Metaspace");
  const replace = step("Replace");
  const pattern = (replace?.pattern as JsonObject | undefined)?.String;
  const replacement = metaspace ? (metaspace.replacement ?? "▁") : replace?.content === " " && pattern;
  if (typeof replacement !== "string") {
    const found = steps.map((s) => s.type).join(", ") || "none";
    throw new TypeError(
      `Cannot read the tokenizer: its decoder is ${found}; ByteLevel, Metaspace or Replace of a space mark is wanted`,
    );
  }
  const strip = step("Strip");
  return {
    kind: "sentencepiece",
    replacement,
    byteFallback: step("ByteFallback") !== undefined,
    stripsFirstSpace: metaspace !== undefined || (strip?.content === " " && strip.start === 1),
  };
}

function flatten(decoder: JsonObject | null): JsonObject[] {
  if (!decoder) return [];
  if (decoder.type !== "Sequence") return [decoder];
  return (decoder.decoders as JsonObject[]).flatMap(flatten);
}

function sentencePieceBytes(token: string, decoding: Decoding): Uint8Array {
  const byte = decoding.byteFallback && /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
  if (byte) return Uint8Array.of(Number.parseInt(byte[1], 16));
  return utf8.encode(token.replaceAll(decoding.replacement, " "));
}

const byteOfCharacter = byteLevelAlphabet();

/** `undefined` if the token holds a character outside the alphabet (a special token). */
function byteLevelBytes(token: string): Uint8Array | undefined {
  const bytes = Array.from(token, (character) => byteOfCharacter.get(character));
  return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes as number[]);
}

/**
 * GPT-2's alphabet: printable characters of Latin-1 stand for their own byte, the other bytes, in
 * order, for the characters from U+0100.
 */
function byteLevelAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    alphabet.set(String.fromCharCode(printable ? byte : next++), byte);
  }
  return alphabet;
}
