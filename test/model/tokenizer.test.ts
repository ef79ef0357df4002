import { appendFile, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJsonFile } from "../../src/formats/json-file.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
import { idsOf, type Tokenizer } from "../../src/model/tokenizer.js";
import { packageRoot } from "../../src/package-root.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "Once upon a time, he said.",
    "  two  spaces ",
    "naïve café — 5 €",
    "日本語 😀👩‍👩‍👧",
    "\n\n\ttab",
  ),
);
/** Text that the tokenizer does not read as a special token. */
const plainText = text.filter((t) => !t.includes("<"));

const folders = [
  ["demo (byte-level BPE)", join(packageRoot(), "demo", "model"), true],
  ["stories260k (SentencePiece with bytes)", realData("stories260k"), hasRealData],
] as const;

for (const [name, folder, there] of folders) {
  describe.skipIf(!there)(`tokenizer of ${name} ${there ? "" : needsRealData}`, () => {
    let tokenizer: Tokenizer;
    let hub: HubTokenizer;
    beforeAll(async () => {
      tokenizer = await loadTokenizer(folder);
      const [json, settings] = await Promise.all(
        ["tokenizer.json", "tokenizer_config.json"].map((file) => readJsonFile(join(folder, file))),
      );
      hub = new HubTokenizer(json as object, settings as object);
    });
    const ids = () => fc.array(fc.integer({ min: 0, max: tokenizer.vocabSize - 1 }), { maxLength: 40 });

    it("pieces() joined are decode(), for any ids", () => {
      fc.assert(
        fc.property(ids(), (some) => {
          const pieces = tokenizer.pieces(some);
          expect(pieces.length).toBe(some.length);
          expect(pieces.join("")).toBe(tokenizer.decode(some));
        }),
        { numRuns: 500 },
      );
    });

    it("decode() gives back the text that was encoded", () => {
      fc.assert(
        fc.property(plainText, (t) => {
          const wellFormed = Buffer.from(t).toString();
          const again = tokenizer.decode(tokenizer.encode(wellFormed));
          expect(again).toBe(wellFormed);
        }),
        { numRuns: 500 },
      );
    });

    it("decode() agrees with the library, for any ids that are whole characters", () => {
      const settings = { skip_special_tokens: false, clean_up_tokenization_spaces: false };
      fc.assert(
        fc.property(ids(), (some) => {
          const ours = tokenizer.decode(some);
          fc.pre(some.length > 0 && !ours.includes("\ufffd"));
          expect(ours).toBe(hub.decode(some, settings));
        }),
        { numRuns: 500 },
      );
    });

    it("pieces() show a character that spans tokens whole on the last of them", () => {
      const smile = tokenizer.encode("a😀b");
      const pieces = tokenizer.pieces(smile);
      const at = pieces.findIndex((piece) => piece.includes("😀"));
      expect(pieces.slice(at - 2, at)).toEqual(["", ""]);
      expect(pieces.join("")).toBe("a😀b");
    });

    it("encode() puts no BOS in front, and bosId is the one that contexts start with", () => {
      expect(tokenizer.encode("")).toEqual(new Int32Array());
      expect([...tokenizer.encode("The")]).not.toContain(tokenizer.bosId);
      expect(tokenizer.pieces([tokenizer.bosId as number])[0]).toMatch(/^<.+>$/);
    });

    it("pieces() refuse ids outside the vocabulary", () => {
      expect(() => tokenizer.pieces([tokenizer.vocabSize])).toThrow(
        new RangeError(
          `Cannot decode id ${tokenizer.vocabSize}: the vocabulary has ids 0 to ${tokenizer.vocabSize - 1}; use the model's own tokenizer`,
        ),
      );
    });
  });
}

describe("loadTokenizer()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-tokenizer-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const json = (decoder: object) => ({
    added_tokens: [{ id: 0, content: "<s>", special: true }],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder,
    model: { type: "BPE", vocab: { "<s>": 0, a: 1, "\u2581a": 2 }, merges: [] },
  });
  async function load(decoder: object, files: Record<string, object>): Promise<Tokenizer> {
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(json(decoder)));
    for (const file of ["tokenizer_config.json", "special_tokens_map.json", "config.json"]) {
      await writeFile(join(folder, file), JSON.stringify(files[file] ?? {}));
    }
    return await loadTokenizer(folder);
  }
  const metaspace = { type: "Metaspace", replacement: "\u2581", prepend_scheme: "always" };

  it("strips the first space of Metaspace only", async () => {
    const tokenizer = await load(metaspace, {});
    expect(tokenizer.pieces([2, 2])).toEqual(["a", " a"]);
  });

  it("takes bosId from the tokenizer's settings, then the special tokens, then the model's", async () => {
    const bos = async (files: Record<string, object>) => (await load(metaspace, files)).bosId;
    expect(await bos({ "tokenizer_config.json": { bos_token: "<s>" } })).toBe(0);
    expect(await bos({ "tokenizer_config.json": { bos_token: { content: "<s>" } } })).toBe(0);
    expect(await bos({ "special_tokens_map.json": { bos_token: "<s>" } })).toBe(0);
    expect(await bos({ "config.json": { bos_token_id: 0 } })).toBe(0);
    expect(await bos({})).toBeUndefined();
  });

  it("has no bosId where the settings say that none is added", async () => {
    const config = { "config.json": { bos_token_id: 0 } };
    const without = await load(metaspace, { ...config, "tokenizer_config.json": { bos_token: null } });
    expect(without.bosId).toBeUndefined();
    const off = { "tokenizer_config.json": { bos_token: "<s>", add_bos_token: false } };
    expect((await load(metaspace, { ...config, ...off })).bosId).toBeUndefined();
  });

  it("refuses a decoder that it cannot follow byte by byte", async () => {
    await expect(load({ type: "WordPiece", prefix: "##" }, {})).rejects.toThrow(
      "its decoder is WordPiece; ByteLevel, Metaspace or Replace of a space mark is wanted",
    );
  });
});

describe("idsOf() of a long text", () => {
  const demo = join(packageRoot(), "demo", "model");
  const long = "Once upon a time, he said. naïve café 😀👩‍👩‍👧 \ud800 <|bos|>\n".repeat(4000);

  it("gives what encode() gives, while the event loop goes on", async () => {
    const tokenizer = await loadTokenizer(demo);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const ids = await idsOf(tokenizer, long);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    expect(ids).toEqual(tokenizer.encode(long));
    const both = await Promise.all([idsOf(tokenizer, `${long}!`), idsOf(tokenizer, "short")]);
    expect(both).toEqual([tokenizer.encode(`${long}!`), tokenizer.encode("short")]);
  });

  it("refuses a tokenizer that is another one by now", async () => {
    const folder = await mkdtemp(join(tmpdir(), "saelab-long-"));
    try {
      await cp(demo, folder, { recursive: true, filter: (path) => !path.includes(".onnx") });
      const tokenizer = await loadTokenizer(folder);
      await appendFile(join(folder, "tokenizer.json"), " ");
      await expect(idsOf(tokenizer, long)).rejects.toThrow(
        "tokenizer.json has changed since; load the model again",
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
