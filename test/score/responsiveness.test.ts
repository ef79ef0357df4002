import { describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import { ratingRequest, readRatings } from "../../src/score/rating-prompt.js";
import { responsiveness } from "../../src/score/responsiveness.js";
import { scoreCard } from "../../src/score/score-card.js";
import { auprcInterval } from "../../src/stats/auprc-interval.js";
import { example, explanation, latentExamples, tokenLatent, window } from "./made-examples.js";
import { answering } from "./made-judges.js";

describe("ratingRequest()", () => {
  it("stays as it is", () => {
    expect(ratingRequest("The word\n“cat”.", ["a\nExample 2: b", "Answer [2, 2]."])).toMatchSnapshot();
  });

  it("is answered with a list of 0, 1 and 2", () => {
    expect(readRatings("[0, 2,1]", 3)).toEqual([0, 2, 1]);
    for (const reply of ["[0, 3, 1]", "[0, 1]", "0, 1, 2", "[0.5, 1, 2]", ""]) {
      expect(() => readRatings(reply, 3)).toThrow(SyntaxError);
    }
  });
});

/** Rates by what the text holds. */
function rating(rate: (text: string) => number) {
  return answering(({ messages }) => {
    const lines = messages.at(-1)?.content.split("\n") ?? [];
    const texts = lines.flatMap((line) => /^Example \d+: (.*)$/.exec(line)?.[1] ?? []);
    return `[${texts.map(rate).join(", ")}]`;
  });
}

describe("responsiveness()", () => {
  it("compares peaks of texts rated 2 with those rated 0, by hand", async () => {
    const examples = latentExamples({
      test: [
        example([" cat"], [[0, 8]], { context: 1 }),
        example([" hen"], [[0, 5]], { context: 2 }),
        example([" cow"], [[0, 3]], { context: 3 }),
      ],
      nonActivating: [window([" cat"], [], { context: 4 }), window([" dog"], [], { context: 5 })],
    });
    const llm = rating((text) => (text.includes("cat") ? 2 : text.includes("cow") ? 1 : 0));
    const score = await responsiveness(llm).score(explanation("cat"), examples);
    // Rated 2: 8, 0. Rated 0: 5, 0. Pairs: 8>5, 8>0, 0<5, 0=0.
    expect(score).toMatchObject({ measure: "AUROC", grade: "rating", value: 2.5 / 4, answered: 5 });
    expect(score.also?.responsiveness).toBeCloseTo(0.25, 12);
    // Ranked 8 (right); then 5 (wrong); then 0, 0 (one right): precision 1 at recall ½, 2/4 at recall 1.
    expect(score.also?.purity).toBeCloseTo(0.75, 12);
    expect(score.also?.["purity by chance"]).toBe(0.5);
    const area = score.interval ?? [0, 0];
    expect(score.alsoIntervals?.responsiveness).toEqual(area.map((end) => 2 * end - 1));
    expect(score.alsoIntervals?.purity).toEqual(auprcInterval([8, 0], [5, 0]).interval);
    expect(score.alsoIntervals).not.toHaveProperty("purity by chance");
    const { "text/plain": card } = await scoreCard(score)[jupyterDisplay]();
    expect(card).toMatch(/^ {2}purity +0\.75 0\.\d\d–\d\.\d\d$/m);
  });

  it("takes a window that was edited for a silent one, though it stands where the original did", async () => {
    const original = example([" cat"], [[0, 8]], { context: 1 });
    const edited = { ...window([" hat"], [], { context: 1 }), kind: "minimal-edit" as const };
    const examples = latentExamples({
      test: [original, example([" hen"], [[0, 5]], { context: 2 })],
      nonActivating: [edited],
    });
    const llm = rating((text) => (text.includes("hat") ? 0 : 2));
    const score = await responsiveness(llm).score(explanation("animals"), examples);
    expect(score).toMatchObject({ value: 1, also: { purity: 1 } });
  });

  it("is 1 for a right explanation, and tells nothing by a constant one", async () => {
    const examples = tokenLatent(" cat");
    const right = await responsiveness(rating((text) => (text.includes("cat") ? 2 : 0))).score(
      explanation("x"),
      examples,
    );
    expect(right).toMatchObject({ value: 1, also: { responsiveness: 1, purity: 1 } });
    const constant = await responsiveness(rating(() => 2)).score(explanation("x"), examples);
    expect(constant).toMatchObject({ value: undefined, interval: undefined, answered: 100 });
  });
});
