import { describe, expect, it } from "vitest";
import { noUsage } from "../../src/llm/text-model.js";
import { agreement, correctedByPeople } from "../../src/score/agreement.js";
import { detection } from "../../src/score/detection.js";
import type { Judgement } from "../../src/score/scorer.js";
import { scoreOf } from "../../src/score/summarise.js";
import { cohenKappa } from "../../src/stats/cohen-kappa.js";
import { roganGladen } from "../../src/stats/rogan-gladen.js";
import { explanation, tokenLatent } from "./made-examples.js";
import { answering } from "./made-judges.js";

/** A score by "y" and "n" per example; "." for no answer. */
function said(answers: string, { model = "judge", from = 0 } = {}) {
  const judgements = [...answers].map(
    (answer, i): Judgement => ({
      kind: "activating",
      context: from + i,
      start: 0,
      text: "",
      quantile: 0,
      truth: true,
      answer:
        answer === "."
          ? { status: "unparsed", reason: "" }
          : { status: "ok", value: { yes: answer === "y" } },
    }),
  );
  return scoreOf({ scorer: "detection", model, judgements, usage: noUsage });
}

describe("agreement()", () => {
  it("compares answers to the same examples, in any order, and leaves gaps out", () => {
    const first = said("yynn.y");
    const second = { ...said("ynnny."), judgements: [...said("ynnny.").judgements].reverse() };
    const found = agreement(first, second);
    expect(found).toMatchObject({ shared: 4, same: 0.75 });
    expect(found.kappa).toEqual(cohenKappa([true, true, false, false], [true, false, false, false]));
    // Krippendorff: observed 2 of 8, expected of 3 y and 5 n: 2·15 / 56.
    expect(found.alpha).toBeCloseTo(1 - 0.25 / (30 / 56), 12);
  });

  it("has no kappa where nothing varies, and refuses strangers", () => {
    expect(agreement(said("yyy"), said("yyy"))).toEqual({
      shared: 3,
      same: 1,
      kappa: undefined,
      alpha: undefined,
    });
    expect(() => agreement(said("yy"), said("yy", { from: 5 }))).toThrow(RangeError);
  });

  it("tells a judge that repeats itself from one that hangs on the order", async () => {
    const examples = tokenLatent(" cat");
    const twice = async (answer: (content: string) => string) => {
      const llm = answering(({ messages }) => answer(messages.at(-1)?.content ?? ""));
      const score = (seed: number) => detection(llm, { seed }).score(explanation("x"), examples);
      return agreement(await score(1), await score(2));
    };
    const reads = await twice((content) => {
      const texts = content.split("\n").filter((line) => line.startsWith("Example"));
      return `[${texts.map((text) => Number(text.includes(" cat"))).join(", ")}]`;
    });
    expect(reads).toMatchObject({ shared: 100, same: 1, kappa: { value: 1 } });
    const byOrder = await twice(() => "[1, 1, 0, 0, 0]");
    expect(byOrder.kappa?.interval[0]).toBeLessThan(0.1);
  });
});

describe("correctedByPeople()", () => {
  it("corrects the share of yes on what people did not see by how the judge did where they answered", () => {
    const judge = said(`${"y".repeat(9)}n${"n".repeat(8)}yy${"y".repeat(30)}${"n".repeat(20)}`);
    const people = said(`${"y".repeat(10)}${"n".repeat(10)}`, { model: "people" });
    const found = correctedByPeople(judge, people);
    expect(found).toEqual(
      roganGladen(
        { right: 30, answered: 50 },
        { sensitivity: { right: 9, answered: 10 }, specificity: { right: 8, answered: 10 } },
      ),
    );
    expect(found.value).toBeCloseTo((0.6 + 0.8 - 1) / 0.7, 12);
  });

  it("needs examples that people did not see", () => {
    expect(() => correctedByPeople(said("yn"), said("yn"))).toThrow(RangeError);
  });
});
