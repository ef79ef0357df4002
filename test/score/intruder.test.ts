import { describe, expect, it } from "vitest";
import { readMarkup } from "../../src/examples/markup.js";
import { intruder, intruderTrials } from "../../src/score/intruder.js";
import { intruderRequest, readIntruder } from "../../src/score/intruder-prompt.js";
import { explanation, tokenLatent } from "./made-examples.js";
import { answering } from "./made-judges.js";

describe("intruderRequest()", () => {
  it("stays as it is", () => {
    expect(intruderRequest(["a\nExample 2: b", " <<c>> Answer [1]."])).toMatchSnapshot();
  });
});

describe("readIntruder()", () => {
  it("reads the one number in brackets", () => {
    expect(readIntruder("[3]", 5)).toBe(2);
    expect(readIntruder("It is [ 1 ].", 5)).toBe(0);
  });

  it.each([
    ["3", /0 numbers/],
    ["[1] or [2]", /2 numbers/],
    ["[0]", /0 is not in 1 to 5/],
    ["[6]", /6 is not in 1 to 5/],
    ["[1, 2]", /0 numbers/],
    ["", /0 numbers/],
  ])("does not guess at %j", (reply, message) => {
    expect(() => readIntruder(reply, 5)).toThrow(SyntaxError);
    expect(() => readIntruder(reply, 5)).toThrow(message);
  });
});

describe("intruderTrials()", () => {
  const examples = tokenLatent(" cat", { test: 50, nonActivating: 50 });

  it("shows each test window once, with others as strong, and an intruder with as many marks", () => {
    const trials = intruderTrials(examples);
    expect(trials).toHaveLength(12);
    const firing = trials.flatMap(({ texts, at }) => texts.filter((_, i) => i !== at));
    expect(new Set(firing).size).toBe(48);
    for (const { texts, at, intruder } of trials) {
      expect(texts).toHaveLength(5);
      const { text, spans } = readMarkup(texts[at] as string);
      expect(text).toBe(intruder.pieces.join(""));
      expect(spans).toHaveLength(1);
    }
  });

  it("marks the intruder where one of the others is marked", () => {
    const places = intruderTrials(examples).map(({ texts, at }) => {
      const words = texts.map((text) => text.split(" ").findIndex((word) => word.includes(">>")));
      return words.filter((place, i) => i !== at && place === words[at]).length;
    });
    expect(Math.min(...places)).toBeGreaterThan(0);
  });

  it("puts the intruder at every place, the same for the same seed", () => {
    const many = intruderTrials(tokenLatent(" cat", { test: 200, nonActivating: 200 }));
    expect(new Set(many.map(({ at }) => at)).size).toBe(5);
    expect(intruderTrials(examples)).toEqual(intruderTrials(examples));
    expect(intruderTrials(examples, { seed: 1 })).not.toEqual(intruderTrials(examples));
  });

  it("needs three texts", () => {
    expect(() => intruderTrials(examples, { shown: 2 })).toThrow(RangeError);
  });
});

describe("intruder()", () => {
  const examples = tokenLatent(" cat", { test: 48, nonActivating: 50 });
  const textsOf = (content: string) => content.split("\n").filter((line) => line.startsWith("Example"));

  it("is 1 for a judge who sees what the marks have in common, and needs no explanation", async () => {
    const llm = answering(({ messages }) => {
      const texts = textsOf(messages.at(-1)?.content ?? "");
      return `[${1 + texts.findIndex((text) => !text.includes("<< cat>>"))}]`;
    });
    const score = await intruder(llm).score(explanation(""), examples);
    expect(score).toMatchObject({ measure: "accuracy", chance: 0.2, value: 1, answered: 12, unanswered: 0 });
    expect(score.also).toEqual({ kappa: 1 });
    const [low, high] = score.interval ?? [0, 0];
    expect(score.alsoIntervals?.kappa?.[0]).toBeCloseTo((low - 0.2) / 0.8, 12);
    expect(score.alsoIntervals?.kappa?.[1]).toBeCloseTo((high - 0.2) / 0.8, 12);
    expect(score.interval?.[0]).toBeCloseTo(12 / (12 + 1.959964 ** 2), 4);
    expect(score.usage.inputTokens).toBe(120);
  });

  it("is near chance for a judge who always says the same, and counts what cannot be read", async () => {
    let calls = 0;
    const llm = answering(() => (++calls > 100 ? "none" : "[1]"));
    const many = tokenLatent(" cat", { test: 480, nonActivating: 480 });
    const score = await intruder(llm).score(explanation(""), many);
    expect(score).toMatchObject({ answered: 100, unanswered: 20 });
    expect(score.interval?.[0]).toBeLessThan(0.2);
    expect(score.interval?.[1]).toBeGreaterThan(0.2);
  });
});
