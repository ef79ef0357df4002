import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import type { Corpus } from "../../src/corpus/corpus.js";
import { openCorpus } from "../../src/corpus/open-corpus.js";
import { isSaelabError } from "../../src/errors.js";
import { seededRandom } from "../../src/random.js";

const root = mkdtempSync(join(tmpdir(), "saelab-tables-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Written by pyarrow: `tables/make.py`. */
const table = (name: string) => join(import.meta.dirname, "tables", name);

const texts = [
  ...["Once upon a time", "é🙂 – “quoted”", "", "two\nlines"],
  ...Array<string>(45).fill("again and again"),
];

async function read({ documents }: Corpus): Promise<string[]> {
  const found: string[] = [];
  for await (const text of documents()) found.push(text);
  return found;
}

describe("openCorpus() of tables", () => {
  test.each(["snappy", "plain", "gzip", "brotli"])(
    "reads Parquet, %s, row group by row group",
    async (name) => {
      const corpus = await openCorpus(table(`${name}.parquet`));
      expect(corpus.name).toBe(name);
      expect(await read(corpus)).toEqual(texts);
      expect(await read(corpus)).toEqual(texts);
    },
  );

  test("reads zstd where Node can, and says what to do where not", async () => {
    const reading = openCorpus(table("zstd.parquet")).then(read);
    if ("zstdDecompressSync" in zlib) expect(await reading).toEqual(texts);
    else
      await expect(reading).rejects.toThrow(/as Parquet: .*ZSTD.*; fetch it again or write it with snappy/);
  });

  test.each(["file", "stream", "dictionary"])("reads Arrow, %s", async (name) => {
    expect(await read(await openCorpus(table(`${name}.arrow`)))).toEqual(texts);
  });

  test("names columns, types and compression that do not fit", async () => {
    for (const name of ["snappy.parquet", "file.arrow"]) {
      const other = (textKey: string) => openCorpus(table(name), { textKey }).then(read);
      await expect(other("story")).rejects.toThrow(
        /its columns are id, text, and "story" is wanted; name another one with textKey/,
      );
      await expect(other("id")).rejects.toThrow(
        /row 0 of .* its "id" is of type bigint, and a string is wanted/,
      );
    }
    await expect(openCorpus(table("lz4.arrow")).then(read)).rejects.toThrow(
      /as Arrow: .*; write it again, without compression/,
    );
  });

  test("meets damaged files with a FileError or with texts, never otherwise", {
    timeout: 60_000,
  }, async () => {
    const random = seededRandom("tables");
    let refused = 0;
    // Not pages of version 2 (plain.parquet): hyparquet 1.31 can loop on damaged levels of theirs.
    for (const name of ["snappy.parquet", "gzip.parquet", "file.arrow", "stream.arrow"]) {
      const good = readFileSync(table(name));
      const path = join(root, name);
      for (let i = 0; i < 60; i++) {
        const bytes = Buffer.from(
          random.random() < 0.2 ? good.subarray(0, random.integer(good.length)) : good,
        );
        for (let k = random.integer(4); k >= 0 && bytes.length > 0; k--) {
          bytes[random.integer(bytes.length)] = random.integer(256);
        }
        writeFileSync(path, bytes);
        const outcome = await openCorpus(path)
          .then(read)
          .catch((error: unknown) => error);
        if (Array.isArray(outcome)) continue;
        refused++;
        if (!isSaelabError(outcome, "FileError")) throw outcome;
      }
    }
    expect(refused).toBeGreaterThan(60);
  });
});

describe("openCorpus() with shuffle", () => {
  const many = Array.from({ length: 1000 }, (_, i) => String(i));
  const order = async (seed: number | string, buffer?: number) =>
    read(await openCorpus(many, { shuffle: { seed, buffer } }));

  test("gives every document once, in an order that the seed decides", async () => {
    const [a, b, c] = [await order(1), await order(1), await order(2)];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect(a).not.toEqual(many);
    for (const texts of [a, c, await order(3, 10)]) {
      expect(texts.map(Number).sort((x, y) => x - y)).toEqual(many.map(Number));
    }
  });

  test("holds a bounded number of documents", async () => {
    let read = 0;
    let given = 0;
    let most = 0;
    function* stream() {
      for (const text of many) {
        read++;
        yield text;
      }
    }
    const corpus = await openCorpus(stream(), { shuffle: { seed: 1, buffer: 50 } });
    for await (const text of corpus.documents()) {
      most = Math.max(most, read - given++);
      expect(Number(text)).toBeLessThanOrEqual(given + 50);
    }
    expect(most).toBeLessThanOrEqual(51);
  });

  test("changes the hash with seed and buffer, and gives a stream none", async () => {
    const hashes = [
      (await openCorpus(many)).hash,
      (await openCorpus(many, { shuffle: { seed: 1 } })).hash,
      (await openCorpus(many, { shuffle: { seed: 2 } })).hash,
      (await openCorpus(many, { shuffle: { seed: 1, buffer: 10 } })).hash,
    ];
    expect(new Set(hashes).size).toBe(4);
    expect((await openCorpus(new Set(many), { shuffle: { seed: 1 } })).hash).toBeUndefined();
    await expect(openCorpus(many, { shuffle: { seed: 1, buffer: 1 } })).rejects.toThrow(
      /give a whole number from 2/,
    );
  });
});
