import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Corpus } from "../../src/corpus/corpus.js";
import { openCorpus } from "../../src/corpus/open-corpus.js";
import { packContexts } from "../../src/corpus/pack-contexts.js";
import { isSaelabError } from "../../src/errors.js";
import { byteTokenizer } from "../cache/toy-world.js";

const root = mkdtempSync(join(tmpdir(), "saelab-corpus-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(root, name), content);
  return join(root, name);
}

async function read({ documents }: Corpus): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of documents()) texts.push(text);
  return texts;
}

describe("openCorpus()", () => {
  test("reads JSON Lines, whatever stands in the strings", async () => {
    const texts = ["a", "two\nlines", "\u2028 and \u2029", "é🙂", ""];
    const path = file("good.jsonl", `${texts.map((text) => JSON.stringify({ text })).join("\n")}\n\n`);
    const corpus = await openCorpus(path);
    expect(corpus.name).toBe("good");
    expect(await read(corpus)).toEqual(texts);
    expect(await read(corpus)).toEqual(texts);
  });

  test("reads JSON Lines across the borders of chunks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { minLength: 1, maxLength: 30 }),
        async (some) => {
          const texts = Array.from({ length: 400 }, (_, i) =>
            (some[i % some.length] as string).repeat(1 + (i % 7)),
          );
          const path = file("chunks.jsonl", texts.map((text) => JSON.stringify({ text })).join("\r\n"));
          expect(await read(await openCorpus(path))).toEqual(texts);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("names line, finding and wish for damaged JSON Lines", async () => {
    const lines = (third: string) => file("bad.jsonl", `{"text": "a"}\n\n${third}\n`);
    const reading = async (third: string, textKey?: string) =>
      read(await openCorpus(lines(third), { textKey }));
    await expect(reading('{"text": "b')).rejects.toThrow(
      /Cannot read line 3 of ".*bad\.jsonl": it is not JSON/,
    );
    await expect(reading('{"story": "b", "id": 1}')).rejects.toThrow(
      /line 3 .* it is an object with story, id, and a string under "text" is wanted; name another key with textKey/,
    );
    await expect(reading("17")).rejects.toThrow(/line 3 .* it is 17, and a string/);
    await expect(reading('{"text": 17}')).rejects.toSatisfy((error) => isSaelabError(error, "FileError"));
  });

  test("reads another key, which changes the hash", async () => {
    const path = file("keys.jsonl", '{"text": "a", "story": "b"}\n');
    const [a, b] = [await openCorpus(path), await openCorpus(path, { textKey: "story", name: "stories" })];
    expect(await read(b)).toEqual(["b"]);
    expect(b.name).toBe("stories");
    expect(a.hash).not.toBe(b.hash);
  });

  test("reads plain text: one document, or as <|endoftext|> divides it", async () => {
    expect(await read(await openCorpus(file("one.txt", "a\r\nb\n\nc\n")))).toEqual(["a\nb\n\nc"]);
    const divided = "a\nb\n<|endoftext|>\nc\n<|endoftext|>\n";
    expect(await read(await openCorpus(file("two.txt", divided)))).toEqual(["a\nb", "c"]);
    const long = await read(await openCorpus(file("long.txt", "word word word\n".repeat(200_000))));
    expect(long.length).toBe(3);
    expect(long.join("")).toBe("word word word\n".repeat(200_000).trimEnd());
  });

  test("refuses missing files, folders, other kinds and other encodings", async () => {
    await expect(openCorpus(join(root, "none.txt"))).rejects.toThrow(/there is no such file/);
    await expect(openCorpus(root)).rejects.toThrow(
      /it is not a file; a \.txt, \.jsonl, \.parquet or \.arrow file is wanted/,
    );
    await expect(openCorpus(file("x.csv", "a"))).rejects.toThrow(/it is a "\.csv" file/);
    const latin = await openCorpus(file("latin.txt", Uint8Array.of(97, 10, 233, 10)));
    await expect(read(latin)).rejects.toThrow(/it is not UTF-8 at or soon after line 1; convert/);
  });

  test("refuses a file that was written since it was opened, before and while it is read", async () => {
    const lines = (word: string) => `${JSON.stringify({ text: word })}\n`.repeat(50_000);
    const path = file("growing.jsonl", lines("Alpha"));
    // File systems tell times some milliseconds apart.
    const later = () => new Promise((resolve) => setTimeout(resolve, 30));
    const [unread, begun] = [await openCorpus(path), await openCorpus(path)];
    const documents = begun.documents()[Symbol.asyncIterator]();
    expect(await documents.next()).toEqual({ done: false, value: "Alpha" });
    await later();
    file("growing.jsonl", lines("Omega"));
    await expect(documents.next()).rejects.toThrow("it has changed since it was opened; open it again");
    await expect(read(unread)).rejects.toThrow("it has changed since it was opened; open it again");
    expect(new Set(await read(await openCorpus(path)))).toEqual(new Set(["Omega"]));
  });

  test("takes arrays and streams, hashes arrays by content, and refuses what is no text", async () => {
    const [a, b, c] = [
      await openCorpus(["ab", "c"]),
      await openCorpus(["ab", "c"]),
      await openCorpus(["a", "bc"]),
    ];
    expect(a.hash).toBe(b.hash);
    expect(a.hash).not.toBe(c.hash);
    const stream = await openCorpus(new Set(["x", "y"]));
    expect(stream.hash).toBeUndefined();
    expect(await read(stream)).toEqual(["x", "y"]);
    expect(await openCorpus(a)).toBe(a);
    await expect(openCorpus([])).rejects.toThrow(/empty array/);
    await expect(openCorpus(["a", 5 as unknown as string])).rejects.toThrow(
      "Cannot read document 1 of the corpus: it is of type number",
    );
    await expect(openCorpus(5 as unknown as string)).rejects.toThrow(/from a value of type number/);
  });

  test('opens "demo": documents of the demo world, the same each time', async () => {
    const demo = await openCorpus("demo", { documents: 30 });
    const texts = await read(demo);
    expect(texts.length).toBe(30);
    expect(await read(demo)).toEqual(texts);
    expect((await openCorpus("demo", { documents: 30 })).hash).toBe(demo.hash);
    expect((await openCorpus("demo", { documents: 31 })).hash).not.toBe(demo.hash);
    await expect(openCorpus("demo", { documents: 0 })).rejects.toThrow(/give a whole number from 1/);
  });
});

describe("packContexts()", () => {
  async function pack(texts: string[], contextLength: number, bos = true) {
    const packed = [];
    async function* documents() {
      yield* texts;
    }
    for await (const context of packContexts(byteTokenizer({ bos }), documents(), { contextLength }))
      packed.push(context);
    return packed;
  }

  test("puts BOS in front of each context and says where documents begin", async () => {
    const packed = await pack(["abc", "", "de", "fg"], 5);
    expect(packed.map(({ tokens }) => [...tokens])).toEqual([[0, 98, 99, 100, 101]]);
    expect(packed[0]?.documentStarts).toEqual([1, 4, 4]);
  });

  test("keeps every token in order, but for what does not fill a last context", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme", maxLength: 30 }), { maxLength: 20 }),
        fc.integer({ min: 2, max: 20 }),
        fc.boolean(),
        async (texts, contextLength, bos) => {
          const first = bos ? 1 : 0;
          const packed = await pack(texts, contextLength, bos);
          const ids = texts.flatMap((text) => [...byteTokenizer().encode(text)]);
          const body = packed.flatMap(({ tokens }) => [...tokens.subarray(first)]);
          expect(body).toEqual(ids.slice(0, body.length));
          expect(ids.length - body.length).toBeLessThan(contextLength - first);
          const starts = packed.flatMap(({ documentStarts }, i) =>
            documentStarts.map((at) => i * (contextLength - first) + at - first),
          );
          let at = 0;
          const wanted = texts.map((text) => {
            const start = at;
            at += byteTokenizer().encode(text).length;
            return start;
          });
          expect(starts).toEqual(wanted.slice(0, starts.length));
        },
      ),
    );
  });

  test("refuses a context without room for text", async () => {
    await expect(pack(["abc"], 1)).rejects.toThrow(
      "Cannot pack contexts of 1 tokens: give a whole number from 2",
    );
  });
});
