/**
 * The ledger of a run: every request to a language model with its raw reply, so that no answer is paid for
 * twice and every number can be traced to the words behind it. Models of today take no temperature: this file
 * is also the only determinism that a run with Claude has.
 *
 * One JSON document per line, appended and never changed, in `replies.jsonl` of the run's folder. Records are
 * found by the SHA-256 of the model's name and the request. Records that come together are written together
 * and forced to disk before `put` resolves. After a crash the last line may be half written: it is cut off on
 * opening. A line that is damaged elsewhere is passed over and counted. One process writes at a time.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { FileError } from "../errors.js";
import type { TextReply, TextRequest } from "./text-model.js";

/** One line of the file. */
export interface LedgerRecord {
  readonly key: string;
  /** ISO 8601. */
  readonly at: string;
  /** The model that was asked. */
  readonly model: string;
  readonly request: TextRequest;
  /** Its reply, or else why the call failed for good. Only replies are found again. */
  readonly reply?: TextReply;
  readonly failure?: string;
}

export interface Ledger {
  readonly path: string;
  /** Number of different requests with a reply. */
  readonly size: number;
  /** Lines that could not be read. */
  readonly damaged: number;
  get(key: string): TextReply | undefined;
  /** Resolves when the record is on disk. */
  put(record: LedgerRecord): Promise<void>;
}

/** The address of a request: equal for equal model and request, whatever the order of properties. */
export function requestKey(model: string, request: TextRequest): string {
  const { system, messages, maxTokens, temperature = null } = request;
  const turns = messages.map(({ role, content }) => [role, content]);
  const canonical = JSON.stringify([1, model, system, turns, maxTokens, temperature]);
  return createHash("sha256").update(canonical).digest("hex");
}

/**
 * Opens the ledger of a run's folder, made where it is missing.
 *
 * @throws {FileError} If the file cannot be read or repaired.
 */
export async function openLedger(folder: string): Promise<Ledger> {
  const path = join(folder, "replies.jsonl");
  try {
    await mkdir(folder, { recursive: true });
    await repair(path);
    const { replies, damaged } = await read(path);
    return ledger(path, replies, damaged);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FileError(`Cannot open the ledger "${path}": ${reason}`, path, { cause });
  }
}

function ledger(path: string, replies: Map<string, TextReply>, damaged: number): Ledger {
  const append = groupedAppend(path);
  return {
    path,
    damaged,
    get size() {
      return replies.size;
    },
    get: (key) => replies.get(key),
    async put(record) {
      await append(`${JSON.stringify(record)}\n`);
      if (record.reply) replies.set(record.key, record.reply);
    },
  };
}

/** Cuts off a last line without its end, unless only the end is missing. */
async function repair(path: string): Promise<void> {
  const file = await open(path, "a+");
  try {
    const { size } = await file.stat();
    const tail = await lastLine(file, size);
    if (tail.length === 0) return;
    if (isRecord(tail.toString("utf8"))) await file.write("\n");
    else await truncate(path, size - tail.length);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** The bytes after the last line feed. */
async function lastLine(file: Awaited<ReturnType<typeof open>>, size: number): Promise<Buffer> {
  let tail = Buffer.alloc(0);
  const step = 65_536;
  for (let end = size; end > 0; end -= step) {
    const start = Math.max(0, end - step);
    const chunk = Buffer.alloc(end - start);
    await file.read(chunk, 0, chunk.length, start);
    const feed = chunk.lastIndexOf(10);
    tail = Buffer.concat([chunk.subarray(feed + 1), tail]);
    if (feed >= 0) break;
  }
  return tail;
}

async function read(path: string): Promise<{ replies: Map<string, TextReply>; damaged: number }> {
  const replies = new Map<string, TextReply>();
  let damaged = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const record = parse(line);
    if (!record && line !== "") damaged++;
    if (record?.reply) replies.set(record.key, record.reply);
  }
  return { replies, damaged };
}

function isRecord(line: string): boolean {
  return parse(line) !== undefined;
}

function parse(line: string): LedgerRecord | undefined {
  try {
    const record = JSON.parse(line) as LedgerRecord | null;
    const whole = typeof record?.key === "string" && (!record.reply || isReply(record.reply));
    return whole ? record : undefined;
  } catch {
    return undefined;
  }
}

function isReply(reply: TextReply): boolean {
  return typeof reply.text === "string" && ["end", "truncated", "refused"].includes(reply.stop);
}

/** Appends what came while the last write was under way as one write. A failed write fails those in it. */
function groupedAppend(path: string): (line: string) => Promise<void> {
  let pending: string[] = [];
  let group: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  // After a failed write the file may end in half a line, which must not swallow the next record.
  let torn = false;
  const write = async (before: Promise<void>) => {
    await before.catch(() => undefined);
    const lines = pending;
    pending = [];
    group = undefined;
    try {
      await appendDurably(path, `${torn ? "\n" : ""}${lines.join("")}`);
      torn = false;
    } catch (cause) {
      torn = true;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `Cannot write to the ledger "${path}": ${reason}; make room there and run again`;
      throw new FileError(message, path, { cause });
    }
  };
  return (line) => {
    pending.push(line);
    if (!group) {
      group = write(last);
      last = group;
    }
    return group;
  };
}

async function appendDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "a");
  try {
    await file.appendFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}
