import { createReadStream } from "node:fs";
import { FileError } from "../errors.js";

/** The line that divides documents in plain text files of the field, e.g. those of TinyStories. */
const divider = "<|endoftext|>";

/** A longer document is cut at the end of a line, so that a file of any size fits in memory. */
const longestDocument = 1 << 20;

/**
 * Documents of a plain text file: the whole file is one, unless lines `<|endoftext|>` divide it. Documents
 * of more than 1 Mi characters are cut at line ends.
 *
 * @throws {FileError} If the file is not UTF-8.
 */
export async function* readText(path: string): AsyncGenerator<string> {
  let document = "";
  for await (const { text } of readLines(path)) {
    if (text === divider) {
      if (document.trim() !== "") yield document;
      document = "";
      continue;
    }
    document += document === "" ? text : `\n${text}`;
    if (document.length > longestDocument) {
      yield `${document}\n`;
      document = "";
    }
  }
  if (document.trim() !== "") yield document;
}

/**
 * Documents of a JSON Lines file: the string under `textKey` of the object in each line. Empty lines are
 * passed over.
 *
 * @throws {FileError} If a line is not UTF-8, not JSON or has no such string; the message names the line.
 */
export async function* readJsonl(path: string, textKey: string): AsyncGenerator<string> {
  for await (const { text, line } of readLines(path)) {
    if (text.trim() !== "") yield textOfLine(text, textKey, line, path);
  }
}

function textOfLine(json: string, textKey: string, line: number, path: string): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new FileError(
      `Cannot read line ${line} of "${path}": it is not JSON; each line must be an object like {"${textKey}": "…"}`,
      path,
      { cause },
    );
  }
  const text = typeof value === "object" && value !== null ? Reflect.get(value, textKey) : undefined;
  if (typeof text === "string") return text;
  const keys = typeof value === "object" && value !== null ? Object.keys(value).join(", ") : "";
  const found = keys === "" ? `${json.slice(0, 40)}` : `an object with ${keys.slice(0, 100)}`;
  throw new FileError(
    `Cannot read line ${line} of "${path}": it is ${found}, and a string under "${textKey}" is wanted; name another key with textKey`,
    path,
  );
}

interface Line {
  text: string;
  /** Counted from 1. */
  line: number;
}

/** Lines without their ends. Node's readline also breaks at U+2028, which JSON strings may contain. */
async function* readLines(path: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  let rest = "";
  const decode = (chunk?: Uint8Array) => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch (cause) {
      throw new FileError(
        `Cannot read "${path}": it is not UTF-8 at or soon after line ${line}; convert the file to UTF-8`,
        path,
        { cause },
      );
    }
  };
  const finish = (text: string): Line => ({
    text: text.endsWith("\r") ? text.slice(0, -1) : text,
    line: line++,
  });
  for await (const chunk of createReadStream(path)) {
    const parts = (rest + decode(chunk)).split("\n");
    rest = parts.pop() as string;
    for (const part of parts) yield finish(part);
  }
  rest += decode();
  if (rest !== "") yield finish(rest);
}
