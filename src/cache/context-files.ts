/**
 * The first stage of a cache: the corpus as contexts on disk. It is over in a small part of the time that
 * the model takes, and afterwards the number of contexts is known (progress has an end), and a stopped run
 * goes on without tokenising again.
 */
import { closeSync, copyFileSync, existsSync, linkSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Corpus } from "../corpus/corpus.js";
import { packContexts } from "../corpus/pack-contexts.js";
import { FileError } from "../errors.js";
import type { Tokenizer } from "../model/tokenizer.js";
import { callSignal, type LongCallOptions, progressMeter } from "../progress.js";
import { readInto, readJson, writeJsonFile } from "./array-file.js";
import { type CacheManifest, checkRecords, checkSizes, contextFileSizes } from "./cache-manifest.js";
import { type ContextFiles, ContextWriter } from "./context-writer.js";
import { writing } from "./new-file.js";
import { stopIfAborted } from "./stop.js";

export interface ContextOptions extends LongCallOptions {
  contextLength: number;
  maxTokens: number | undefined;
}

/** Written when the first stage is complete. */
export const contextsName = "contexts.json";

/** Tokens that are read before timers and messages have their turn. */
const tokensPerTurn = 512;

/** Positions are below 2^32. */
export const mostPositions = 2 ** 32;

/**
 * The finished first stage of a directory, if there is one.
 *
 * @throws {FileError} If it is damaged.
 */
export function readContextFiles(directory: string, contextLength: number): ContextFiles | undefined {
  const path = join(directory, contextsName);
  if (!existsSync(path)) return undefined;
  const found = readJson(path) as ContextFiles;
  const known = found.tokensFile === "tokens.u16" || found.tokensFile === "tokens.u32";
  if (!known || typeof found.files !== "object" || found.files === null) {
    throw new FileError(`Cannot read "${path}": it is damaged; delete its folder and cache again`, path);
  }
  checkRecords(path, found.files, contextFileSizes(found, contextLength));
  checkSizes(directory, found.files);
  return found;
}

/** The first stage of a finished cache. */
export function contextFilesOf({ contexts, documents, tokensFile, files }: CacheManifest): ContextFiles {
  const names = Object.keys(contextFileSizes({ contexts, documents, tokensFile }, 1));
  const own = Object.entries(files).filter(([name]) => names.includes(name));
  return { contexts, documents, tokensFile, files: Object.fromEntries(own) };
}

/** Gives a directory the first stage of another one: the same files under a second name where the disk can. */
export async function shareContextFiles(
  from: string,
  contexts: ContextFiles,
  directory: string,
): Promise<void> {
  for (const name of Object.keys(contexts.files)) {
    const path = join(directory, name);
    rmSync(path, { force: true });
    writing(path, () => {
      try {
        linkSync(join(from, name), path);
      } catch {
        copyFileSync(join(from, name), path);
      }
    });
  }
  await writeJsonFile(join(directory, contextsName), contexts);
}

/**
 * Checks that a stream begins with the text that the directory was begun with: it has no hash to compare.
 *
 * @throws {FileError} If its first context differs.
 */
export async function checkStream(
  directory: string,
  tokenizer: Tokenizer,
  corpus: Corpus,
  { contextLength }: { contextLength: number },
): Promise<void> {
  const name = ["tokens.u16", "tokens.u32"].find((file) => existsSync(join(directory, file))) ?? "tokens.u16";
  const found = name === "tokens.u16" ? new Uint16Array(contextLength) : new Uint32Array(contextLength);
  const file = openSync(join(directory, name), "r");
  readInto(file, join(directory, name), 0, found);
  closeSync(file);
  for await (const { tokens } of packContexts(tokenizer, corpus.documents(), { contextLength })) {
    if (tokens.every((id, position) => id === found[position])) return;
    break;
  }
  throw new FileError(
    `Cannot cache into "${directory}": it holds a cache of another stream, which begins differently; choose another directory or delete it`,
    directory,
  );
}

/**
 * Writes the contexts of a corpus as `ContextWriter` lays them out.
 *
 * @throws {RangeError} If the corpus does not fill one context.
 */
export async function writeContextFiles(
  directory: string,
  tokenizer: Tokenizer,
  corpus: Corpus,
  options: ContextOptions,
): Promise<ContextFiles> {
  const { contextLength, maxTokens } = options;
  const limit = contextLimit(contextLength, maxTokens);
  const writer = await ContextWriter.open(directory, { tokenizer, contextLength });
  const signal = callSignal(options);
  const contextsPerTurn = Math.ceil(tokensPerTurn / contextLength);
  const total = maxTokens === undefined ? undefined : limit * contextLength;
  const meter = progressMeter(`read ${corpus.name}`, "tokens", total, options.onProgress);
  try {
    for await (const { tokens, documentStarts } of packContexts(tokenizer, corpus.documents(), options)) {
      stopIfAborted(signal, "no activations are computed yet");
      await writer.add(tokens, documentStarts);
      meter.report(writer.contexts * contextLength);
      if (writer.contexts === limit) break;
      if (writer.contexts % contextsPerTurn === 0) await new Promise(setImmediate);
    }
  } catch (error) {
    writer.abandon();
    throw error;
  }
  if (writer.contexts === 0) {
    writer.abandon();
    throw new RangeError(
      `Cannot cache the corpus "${corpus.name}": it does not fill one context of ${contextLength} tokens; give more text or a smaller contextLength`,
    );
  }
  meter.end(writer.contexts * contextLength);
  const contexts = await writer.close();
  await writeJsonFile(join(directory, contextsName), contexts);
  return contexts;
}

function contextLimit(contextLength: number, maxTokens: number | undefined): number {
  if (maxTokens === undefined) return Math.floor(mostPositions / contextLength);
  return Math.floor(maxTokens / contextLength);
}
