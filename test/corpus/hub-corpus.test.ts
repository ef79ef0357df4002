import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { openCorpus } from "../../src/corpus/open-corpus.js";
import { toyCoder, toyModel, toyTexts } from "../cache/toy-world.js";
import { commit, type HubServer, startHubServer } from "../model/hub-server.js";

const variables = ["HF_ENDPOINT", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN"];
const before = new Map(variables.map((name) => [name, process.env[name]]));
const quiet = { onProgress: false } as const;
let cache: string;
let server: HubServer;

/** Larger than the server's limit, so that it lies on the other host. */
const long = toyTexts(60, 3);

async function tableFile(name: string): Promise<Uint8Array> {
  return readFile(join(import.meta.dirname, "tables", name));
}

beforeEach(async () => {
  const lines = (texts: readonly string[]) =>
    Buffer.from(texts.map((text) => `${JSON.stringify({ text, story: `${text}!` })}\n`).join(""));
  const files = new Map<string, Uint8Array>([
    ["README.md", Buffer.from("texts")],
    ["data/train-00000-of-00002.jsonl", lines(long)],
    ["data/train-00001-of-00002.jsonl", lines(["c"])],
    ["data/test-00000-of-00001.jsonl", lines(["d"])],
    ["tables/plain.parquet", await tableFile("plain.parquet")],
    ["languages/en/train.jsonl", lines(["english"])],
    ["languages/fr/train.jsonl", lines(["français"])],
  ]);
  server = await startHubServer("org/texts", files, { kind: "datasets" });
  cache = await mkdtemp(join(tmpdir(), "saelab-hub-corpus-"));
  for (const name of variables) delete process.env[name];
  process.env.HF_ENDPOINT = server.endpoint;
  process.env.HF_HUB_CACHE = cache;
});

afterEach(async () => {
  await server.close();
  await rm(cache, { recursive: true });
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

async function read(source: string, options = {}): Promise<string[]> {
  const texts: string[] = [];
  const corpus = await openCorpus(source, { ...quiet, ...options });
  for await (const text of corpus.documents()) texts.push(text);
  return texts;
}

describe('openCorpus("hf:datasets/…")', () => {
  test("reads the files of one split and one folder, in the order of their names", async () => {
    expect(await read("hf:datasets/org/texts/data")).toEqual([...long, "c"]);
    expect(await read("hf:datasets/org/texts@main/data", { split: "test" })).toEqual(["d"]);
    expect(await read("hf:datasets/org/texts/languages/fr", { textKey: "story" })).toEqual(["français!"]);
    expect(await read("hf:datasets/org/texts/data/test-00000-of-00001.jsonl")).toEqual(["d"]);
    const { name } = await openCorpus("hf:datasets/org/texts/data", quiet);
    expect(name).toBe("org/texts");
  });

  test("reads Parquet, as what a file on this machine gives", async () => {
    const local: string[] = [];
    const plain = await openCorpus(join(import.meta.dirname, "tables", "plain.parquet"));
    for await (const text of plain.documents()) local.push(text);
    expect(await read("hf:datasets/org/texts/tables")).toEqual(local);
  });

  test("fetches a file when its turn comes, into the cache of Hugging Face's libraries, and once", async () => {
    const corpus = await openCorpus("hf:datasets/org/texts/data", quiet);
    const fetched = async () => {
      const folder = join(cache, "datasets--org--texts", "snapshots", commit, "data");
      return readdir(folder).catch(() => []);
    };
    expect(await fetched()).toEqual([]);
    for await (const _ of corpus.documents()) break;
    expect(await fetched()).toEqual(["train-00000-of-00002.jsonl"]);
    for await (const _ of corpus.documents());
    expect((await fetched()).length).toBe(2);
    server.requests.length = 0;
    for await (const _ of corpus.documents());
    expect(server.requests).toEqual([]);
  });

  test("is read without the network when it has been fetched whole", async () => {
    const partly = await openCorpus("hf:datasets/org/texts/data", quiet);
    for await (const _ of partly.documents()) break;
    process.env.HF_HUB_OFFLINE = "1";
    await expect(read("hf:datasets/org/texts/data")).rejects.toThrow(
      /1 of 2 files "data\/train-…" are there; connect to fetch the others, or name one file/,
    );
    delete process.env.HF_HUB_OFFLINE;
    for await (const _ of partly.documents());
    process.env.HF_HUB_OFFLINE = "1";
    const whole = await openCorpus("hf:datasets/org/texts/data", quiet);
    expect(whole.hash).toBe(partly.hash);
    expect(await read("hf:datasets/org/texts/data")).toEqual([...long, "c"]);
    delete process.env.HF_HUB_OFFLINE;
    process.env.HF_ENDPOINT = "http://127.0.0.1:9";
    expect((await openCorpus("hf:datasets/org/texts/data", quiet)).hash).toBe(partly.hash);
  });

  test("has a hash of what it reads", async () => {
    const sources = ["hf:datasets/org/texts/data", "hf:datasets/org/texts/languages/en"];
    const hashes = await Promise.all([
      ...sources.map((source) => openCorpus(source, quiet)),
      openCorpus(sources[0] as string, { ...quiet, split: "test" }),
      openCorpus(sources[0] as string, { ...quiet, textKey: "story" }),
    ]);
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(4);
  });

  test("goes on where a download stopped, and is what cacheLatents() takes", async () => {
    server.dropAfter("data/train-00000-of-00002.jsonl", 5000);
    const input = { model: toyModel(), coder: toyCoder() };
    const options = { directory: join(cache, "latents"), maxTokens: 1024, ...quiet };
    const latents = await cacheLatents(input, "hf:datasets/org/texts/data", options);
    expect(latents.manifest.identity.corpus.name).toBe("org/texts");
    expect(long[0]?.startsWith(latents.pieces(0).slice(1, 30).join(""))).toBe(true);
    expect(server.requests).toContain("GET /cdn/data/train-00000-of-00002.jsonl bytes=5000-");
    expect(server.requests.some((request) => request.includes("00001-of-00002"))).toBe(false);
  });

  test("says what is wrong: several configurations, no such split, no documents, no data set", async () => {
    await expect(openCorpus("hf:datasets/org/texts/languages")).rejects.toThrow(
      `Cannot fetch "hf:datasets/org/texts@main" from ${server.endpoint}: its files belong to the configurations en, fr; give the folder of one, as in "hf:datasets/org/name/folder"`,
    );
    await expect(openCorpus("hf:datasets/org/texts/data", { split: "dev" })).rejects.toThrow(
      'no file is of the split "dev", there are data/train-00000-of-00002.jsonl, ',
    );
    await expect(openCorpus("hf:datasets/org/texts/nothing")).rejects.toThrow(
      /it has README\.md, .*, and a \.txt, \.jsonl, \.parquet or \.arrow file is wanted/,
    );
    await expect(openCorpus("hf:datasets/org/none")).rejects.toThrow("there is no such repository");
    await expect(openCorpus("hf:datasets/org/gated")).rejects.toThrow("access is refused");
  });
});
