import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../../src/model/load-model.js";
import { generation } from "../../src/score/generation.js";
import { sensitivity } from "../../src/score/sensitivity.js";
import {
  alikeRequest,
  pairLines,
  pairsRequest,
  readAlike,
  readPairs,
} from "../../src/score/writing-prompt.js";
import { activationsOf, type Subject } from "../../src/sparse/activations-of.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { wilson } from "../../src/stats/wilson.js";
import { example, explanation, latentExamples, tokenLatent } from "./made-examples.js";
import { answering } from "./made-judges.js";

describe("prompts that ask for texts", () => {
  it("stay as they are", () => {
    expect(pairsRequest("The word\n“cat”.", 3)).toMatchSnapshot();
    expect(alikeRequest([" the<< cat>> sat", "a\nExample 2: b"], 3)).toMatchSnapshot();
  });

  it("work out replies that can be read", () => {
    const workedReply = (request: ReturnType<typeof pairsRequest>) => request.messages[1]?.content ?? "";
    expect(readPairs(workedReply(pairsRequest("x", 3)), 2)).toHaveLength(2);
    expect(readAlike(workedReply(alikeRequest(["x"], 3)), 2)).toHaveLength(2);
  });
});

describe("readPairs() and readAlike()", () => {
  it("take back what pairLines() wrote, line breaks too", () => {
    const pairs = [
      { text: "a\nWith 2: b", counterpart: "c\\n" },
      { text: " d", counterpart: "e" },
    ];
    expect(readPairs(pairLines(pairs), 2)).toEqual(pairs);
  });

  it.each([
    "",
    "With 1: a",
    "Without 1: a\nWith 1: b",
    "With 1: a\nWithout 1: ",
    "With 1: a\nWithout 2: b",
    "Sure!\nWith 1: a\nWithout 1: b",
  ])("do not guess at %j", (reply) => {
    expect(() => readPairs(reply, 1)).toThrow(SyntaxError);
  });

  it("want as many texts as were asked for", () => {
    expect(readAlike("Example 1: a\n\nExample 2: b\n", 2)).toEqual(["a", "b"]);
    expect(() => readAlike("Example 1: a", 2)).toThrow("the reply has 1 lines, not 2");
    expect(() => readAlike("1. a\n2. b", 2)).toThrow('line 1 is not "Example 1: " and a text');
  });
});

describe("texts run through the demo model", () => {
  let subject: Subject;
  const texts = ["The cat sat by the door.", "She fed her cat in the morning.", "A cat ran over the road."];
  const counterparts = [
    "The man sat by the door.",
    "She fed her son in the morning.",
    "A man ran over the road.",
  ];
  /** A latent that fires on all texts and on no counterpart, and one that fires on nothing here. */
  let [cat, dead] = [0, 0];
  beforeAll(async () => {
    const [model, coder] = await Promise.all([loadModel("demo"), loadSparseCoder("demo/layers.2.wide")]);
    subject = { model, coder };
    const latents = Array.from({ length: coder.dSae }, (_, i) => i);
    const found = await activationsOf(subject, [...texts, ...counterparts], { latents });
    const fires = (text: number, latent: number) => found[text]?.activations[latent]?.some((a) => a > 0);
    cat = latents.findIndex((latent) => [0, 1, 2].every((i) => fires(i, latent) && !fires(i + 3, latent)));
    dead = latents.findIndex((latent) => found.every((_, i) => !fires(i, latent)));
    expect(Math.min(cat, dead)).toBeGreaterThanOrEqual(0);
  });
  afterAll(() => Promise.all([subject.model.close(), subject.coder.close()]));

  const pairs = texts.map((text, i) => ({ text, counterpart: counterparts[i] as string }));
  const of = (index: number) => ({
    ...tokenLatent(" cat"),
    latent: { hookpoint: "layers.2", index },
    density: 0.001,
  });

  it("generation() is the share of texts on which the latent fires", async () => {
    const llm = answering(() => pairLines(pairs));
    const score = await generation(llm, subject, { texts: 3 }).score(explanation("cats"), of(cat));
    expect(score).toMatchObject({ measure: "share firing", value: 1, answered: 6, unanswered: 0 });
    expect(score.also).toMatchObject({ "share of counterparts firing": 0, "AUROC against counterparts": 1 });
    // Silent windows: 1. Windows where it fires, a share of 1 - 0.999^32, peak at 1 to 7: what the texts exceed.
    const peaks = score.judgements.slice(0, 3).map(({ activations = [] }) => Math.max(...activations));
    const test = tokenLatent(" cat").test.map(({ peak }) => peak);
    const wins = peaks.flatMap((a) => test.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)));
    const rate = 1 - 0.999 ** 32;
    const area = 1 - rate + (rate * wins.reduce<number>((sum, win) => sum + win, 0)) / wins.length;
    expect(score.also?.clarity).toBeCloseTo(2 * area - 1, 10);
    // Nearly all of it is the share of texts that fire, 3 of 3.
    const [low = 0, high = 0] = score.alsoIntervals?.clarity ?? [];
    expect(low).toBeGreaterThan(0.95 * wilson(3, 3)[0] - 0.05);
    expect(low).toBeLessThan(wilson(3, 3)[0]);
    expect(high).toBeGreaterThan(score.also?.clarity ?? 1);
    expect(score.alsoIntervals?.["share of counterparts firing"]).toEqual(wilson(0, 3));
    expect(score.alsoIntervals?.["AUROC against counterparts"]?.[0]).toBeLessThan(0.9);
    expect(score.interval?.[0]).toBeCloseTo(3 / (3 + 1.959964 ** 2), 4);
    // Chance: each text is some 8 tokens long.
    expect(score.chance).toBeGreaterThan(0.004);
    expect(score.chance).toBeLessThan(0.015);
    expect(score.usage.inputTokens).toBe(10);
  });

  it("generation() is 0 where the latent does not fire, and tells texts from counterparts by nothing", async () => {
    const llm = answering(() => pairLines(pairs));
    const score = await generation(llm, subject, { texts: 3 }).score(explanation("cats"), of(dead));
    expect(score).toMatchObject({ value: 0 });
    expect(score.also?.["AUROC against counterparts"]).toBe(0.5);
    expect(score.judgements.map(({ truth }) => truth)).toEqual(Array(6).fill(false));
  });

  it("sensitivity() runs texts written from train windows, and does not look at the explanation", async () => {
    const lines = [...texts.slice(0, 2), counterparts[0]].map((text, i) => `Example ${i + 1}: ${text}`);
    const llm = answering(() => lines.join("\n"));
    const examples = { ...of(cat), train: [example([" old", " hat"], [[1, 2]])] };
    const score = await sensitivity(llm, subject, { texts: 3 }).score(explanation("dogs"), examples);
    expect(score.value).toBeCloseTo(2 / 3, 12);
    expect(llm.requests[0]?.messages.at(-1)?.content).toContain("Example 1:  old<< hat>>");
    expect(JSON.stringify(llm.requests)).not.toContain("dogs");
  });

  it("texts that were not written are without an answer", async () => {
    const llm = answering(() => "I would rather not.");
    for (const scorer of [generation(llm, subject), sensitivity(llm, subject)]) {
      const score = await scorer.score(explanation("cats"), of(cat));
      expect(score).toMatchObject({ value: undefined, interval: undefined, answered: 0 });
      expect(score.unanswered).toBe(scorer.name === "generation" ? 20 : 10);
      expect(score.judgements[0]?.answer).toMatchObject({ status: "unparsed", reply: "I would rather not." });
    }
  });

  it("a latent of another hookpoint is refused", async () => {
    const llm = answering(() => pairLines(pairs));
    const elsewhere = latentExamples({ latent: { hookpoint: "layers.0", index: 1 } });
    await expect(
      generation(llm, subject, { texts: 3 }).score(explanation("cats"), elsewhere),
    ).rejects.toThrow('Cannot run texts for layers.0:1: the coder "demo/layers.2.wide" reads layers.2');
  });
});
