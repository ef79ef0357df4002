import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { FileError } from "../errors.js";
import { type HubRepository, openHubRepository } from "../model/hub.js";
import type { HubSource } from "../model/hub-client.js";
import type { LongCallOptions } from "../progress.js";
import type { Corpus } from "./corpus.js";
import { documentKinds, holdsDocuments, readDocuments } from "./read-documents.js";

export interface HubCorpusOptions extends LongCallOptions {
  /** Default: `text`. */
  textKey?: string | undefined;
  /** Default: `train`, or all files where no name has a split. */
  split?: string | undefined;
}

/** The splits that names of files are searched for, as Hugging Face's `datasets` does. */
const splits = ["train", "validation", "valid", "dev", "test"];

/**
 * A data set on the hub: documents of its files of one split, by name. A file is fetched when those before it have been
 * read, so a call that stops early fetches no more than it reads. The hash is of the commit and the names of the files.
 *
 * @throws {FileError} If there are no such files, or they belong to several configurations.
 */
export async function hubCorpus(source: HubSource, options: HubCorpusOptions = {}): Promise<Corpus> {
  const { textKey = "text", split } = options;
  const repository = await openHubRepository(source, options);
  const files = pickDocuments(repository, source.folder, split);
  const hash = createHash("sha256").update([repository.commit, textKey, ...files].join("\n"));
  return {
    name: source.repository,
    hash: hash.digest("hex"),
    async *documents() {
      for (const file of files) yield* readDocuments(await repository.fetch(file), textKey);
    },
  };
}

/** Files of one split and one configuration, by name; both are read from the part of the path below the folder. */
function pickDocuments(repository: HubRepository, folder: string, split: string | undefined): string[] {
  const below = repository.files.filter((file) => isBelow(folder, file) && holdsDocuments(file));
  const rest = (file: string) => file.slice(folder === "" ? 0 : folder.length + 1);
  const hasSplits = below.some((file) => splits.some((name) => isOfSplit(rest(file), name)));
  const wanted = split ?? (hasSplits ? "train" : undefined);
  const files = below.filter((file) => wanted === undefined || isOfSplit(rest(file), wanted)).sort();
  if (files.length === 0) throw noFiles(repository, below, wanted);
  const configurations = [...new Set(files.map((file) => configurationOf(rest(file))))].sort();
  if (configurations.length > 1) {
    throw repository.error(
      `its files belong to the configurations ${listed(configurations.map((name) => name || "."))}; give the folder of one, as in "hf:datasets/org/name/folder"`,
    );
  }
  checkParts(repository, files);
  return files;
}

function isBelow(folder: string, file: string): boolean {
  return folder === "" || file === folder || file.startsWith(`${folder}/`);
}

/** `data/train-00000-of-00005.parquet`, `en/train.jsonl`, `train/0.arrow`: the split is a word of the path. */
function isOfSplit(file: string, split: string): boolean {
  return file.split(/[/._-]/).includes(split);
}

/** The folder that a file lies in, without `data` and the split's own folder. */
function configurationOf(file: string): string {
  const parts = dirname(file).split("/");
  return parts.filter((part) => ![".", "data", ...splits].includes(part)).join("/");
}

/** Without the network the cache may list some parts only: other documents than those of the whole. */
function checkParts(repository: HubRepository, files: readonly string[]): void {
  const counts = new Map<string, { found: number; wanted: number }>();
  for (const file of files) {
    const [, name, count] = /^(.*)-\d+-of-(\d+)\.\w+$/.exec(file) ?? [];
    if (name === undefined) continue;
    const parts = counts.get(name) ?? { found: 0, wanted: Number(count) };
    counts.set(name, { ...parts, found: parts.found + 1 });
  }
  for (const [name, { found, wanted }] of counts) {
    if (found === wanted) continue;
    throw repository.error(
      `${found} of ${wanted} files "${name}-…" are there; connect to fetch the others, or name one file`,
    );
  }
}

function noFiles(repository: HubRepository, below: readonly string[], split: string | undefined): FileError {
  if (below.length > 0) {
    return repository.error(
      `no file is of the split "${split}", there are ${listed(below)}; name another split`,
    );
  }
  const found = listed(repository.files) || "nothing";
  return repository.error(`it has ${found}, and ${documentKinds} is wanted`);
}

function listed(names: readonly string[]): string {
  return names.length <= 8 ? names.join(", ") : `${names.slice(0, 8).join(", ")} …`;
}
