import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Concept, concepts, generateDocuments, type WorldDocument } from "../../demo/world/index.js";

const sample = [...generateDocuments({ seed: "train", count: 3000 })];

function textsOf(document: WorldDocument, concept: Concept): string[] {
  return document.spans
    .filter((span) => span.concept === concept)
    .map(({ start, end }) => document.text.slice(start, end));
}

function allTextsOf(concept: Concept): string[] {
  return sample.flatMap((document) => textsOf(document, concept));
}

describe("generateDocuments()", () => {
  it("makes the same documents for the same seed", () => {
    const again = [...generateDocuments({ seed: "train", count: 50 })];
    expect(again).toEqual(sample.slice(0, 50));
  });

  it("makes document i from the seed and i alone", () => {
    const [document] = [...generateDocuments({ seed: "train", start: 37, count: 1 })];
    expect(document).toEqual(sample[37]);
  });

  it("makes other documents for another seed", () => {
    const texts = new Set(sample.map((document) => document.text));
    const others = [...generateDocuments({ seed: "validation", count: 500 })];
    expect(others.filter((document) => texts.has(document.text))).toEqual([]);
  });

  it("hardly ever repeats a document", () => {
    expect(new Set(sample.map((document) => document.text)).size).toBe(sample.length);
  });

  it("makes documents of 60 to 400 words", () => {
    const words = sample.map((document) => document.text.split(/\s+/).filter((word) => word !== "").length);
    expect(Math.min(...words)).toBeGreaterThanOrEqual(60);
    expect(Math.max(...words)).toBeLessThanOrEqual(400);
  });

  it("uses every register and every concept", () => {
    expect(new Set(sample.map((document) => document.register)).size).toBe(21);
    const found = new Set(sample.flatMap((document) => document.spans.map((span) => span.concept)));
    expect(concepts.filter((concept) => !found.has(concept))).toEqual([]);
  });

  it("leaves no template syntax in the prose", () => {
    const prose = sample.filter((document) => !["typescript", "python"].includes(document.register));
    expect(prose.filter((document) => /[{}[\]|<>¶]|undefined| {2}|\.\./.test(document.text))).toEqual([]);
  });

  it("agrees articles with their nouns and capitals with their sentences", () => {
    const foreign = new Set(["typescript", "python", "french", "german"]);
    const english = sample.filter((document) => !foreign.has(document.register));
    const wrong = english.flatMap(
      (document) => document.text.match(/\b[Aa] [aeio]\w+|\b[Aa]n [bcdfgjklmnpqrstvwxyz]\w+/g) ?? [],
    );
    expect(wrong.filter((phrase) => !/^a (un|une|one)\b|^an der$/.test(phrase))).toEqual([]);
    expect(english.flatMap((document) => document.text.match(/[a-z][.!?] [a-z]/g) ?? [])).toEqual([]);
  });

  it("puts every span on the text, in order, without overlaps of one concept", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(10_000), (seed, start) => {
        const [document] = [...generateDocuments({ seed, start, count: 1 })];
        const ends = new Map<string, number>();
        let last = 0;
        for (const span of document?.spans ?? []) {
          expect(span.start).toBeGreaterThanOrEqual(last);
          expect(span.start).toBeGreaterThanOrEqual(ends.get(span.concept) ?? 0);
          expect(span.end).toBeGreaterThan(span.start);
          expect(span.end).toBeLessThanOrEqual(document?.text.length ?? 0);
          ends.set(span.concept, span.end);
          last = span.start;
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each<[Concept, RegExp]>([
    ["female-pronoun", /^(she|her|hers|herself)$/i],
    ["male-pronoun", /^(he|him|his|himself)$/i],
    ["negation", /^(not|no|never|nobody|nothing|none|nowhere|neither|nor|without|cannot|\w+n't)$/i],
    ["money", /[£$]\d|euros|pounds|dollars/],
    ["sport-score", /^\d+-\d+$/],
    ["question", /\?$/],
    ["speech", /^".+"$/],
    ["weekday", /^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$/],
    ["email-address", /^[a-z.]+@[a-z]+\.(com|org|net)$/i],
    ["url", /^https:\/\/www\.[a-z]+\.\w+\/\S+$|^https:\/\/\S+$/],
    ["comment", /^(\/\/|#|""")/],
    ["code-string", /^f?".*"$/],
    ["person-name", /^[A-Z]/],
    ["time", /\w/],
  ])("labels %s only on what looks like it", (concept, pattern) => {
    expect(allTextsOf(concept).filter((text) => !pattern.test(text))).toEqual([]);
  });

  it("labels every pronoun of English prose", () => {
    const stories = sample.filter((document) => document.register === "story");
    for (const story of stories) {
      const pronouns = story.text.match(/\b(she|her|herself)\b/gi) ?? [];
      expect(textsOf(story, "female-pronoun")).toEqual(pronouns);
    }
  });

  it("refers to a person by the same gender all through a story", () => {
    for (const { text, register } of sample) {
      const named = register === "story" ? /(girl|boy) named (\w+)\. (She|He)/.exec(text) : null;
      if (named !== null) expect(named[3]).toBe(named[1] === "girl" ? "She" : "He");
    }
  });

  it("streams at 2 MB/s or more", () => {
    const start = performance.now();
    let bytes = 0;
    for (const document of generateDocuments({ seed: "speed", count: 2000 })) bytes += document.text.length;
    // A tenth of what it does alone on one core, so that a busy machine does not fail it.
    expect(bytes / 1e3 / (performance.now() - start)).toBeGreaterThan(0.3);
  });

  it("is the generator that made the committed artifacts", () => {
    const sums = readFileSync(new URL("../../demo/SHA256SUMS", import.meta.url), "utf8");
    const hash = createHash("sha256");
    for (const document of generateDocuments({ seed: "validation", count: 1000 }))
      hash.update(`${document.text}\n`);
    expect(sums).toContain(`${hash.digest("hex")}  world:validation:1000`);
  });
});
