import { describe, expect, it } from "vitest";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { noUsage } from "../../src/llm/text-model.js";
import { seededRandom } from "../../src/random.js";
import { agreement, correctedByPeople } from "../../src/score/agreement.js";
import { detection } from "../../src/score/detection.js";
import { fuzzing } from "../../src/score/fuzzing.js";
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
    expect(found).toMatchObject({ shared: 4, unshared: 0, same: 0.75 });
    const kappa = cohenKappa([true, true, false, false], [true, false, false, false]);
    expect(found.kappa?.value).toBe(kappa.value);
    // Krippendorff: observed 2 of 8, expected of 3 y and 5 n: 2·15 / 56.
    expect(found.alpha?.value).toBeCloseTo(1 - 0.25 / (30 / 56), 12);
  });

  it("has no kappa where nothing varies, and refuses strangers", () => {
    expect(agreement(said("yyy"), said("yyy"))).toEqual({
      shared: 3,
      unshared: 0,
      same: 1,
      kappa: undefined,
      alpha: undefined,
    });
    expect(() => agreement(said("yy"), said("yy", { from: 5 }))).toThrow(RangeError);
  });

  it("counts what only one of them judged, and refuses where a class is lost", () => {
    expect(agreement(said("yynn"), said("yynny", { from: 1 }))).toMatchObject({ shared: 3, unshared: 3 });
    const silent = (score: ReturnType<typeof said>, from: number) => ({
      ...score,
      judgements: [
        ...score.judgements,
        ...said("ynn", { from }).judgements.map((one) => ({ ...one, truth: false })),
      ],
    });
    const lost = () => agreement(silent(said("yyn"), 100), silent(said("yyn"), 200));
    expect(lost).toThrow(
      'Cannot compare "detection" by judge with "detection" by judge: of the examples in which the latent is silent both answered some, but none in common; judge the same examples',
    );
    // Where one of them has none of a class, that is no loss.
    expect(agreement(silent(said("yyn"), 100), said("yyn"))).toMatchObject({ shared: 3, unshared: 3 });
  });

  it("has intervals that hold the truth 19 times of 20, and no certainty where all is the same", () => {
    const random = seededRandom("agreement");
    // Each says yes to half; they agree on 80 %: kappa and alpha are 0.6.
    const runs = 100;
    const missed = { kappa: 0, alpha: 0 };
    for (let run = 0; run < runs; run++) {
      const first = Array.from({ length: 60 }, () => random.random() < 0.5);
      const second = first.map((yes) => (random.random() < 0.8 ? yes : !yes));
      const letters = (list: boolean[]) => list.map((yes) => (yes ? "y" : "n")).join("");
      const found = agreement(said(letters(first)), said(letters(second)), { resamples: 200 });
      for (const name of ["kappa", "alpha"] as const) {
        const [low, high] = found[name]?.interval ?? [1, 1];
        if (low > 0.6 || high < 0.6) missed[name]++;
      }
    }
    expect(missed.kappa / runs).toBeLessThan(0.09);
    expect(missed.alpha / runs).toBeLessThan(0.09);
    const [low, high] = agreement(said("yyyyynnnnn"), said("yyyyynnnnn")).kappa?.interval ?? [];
    // Wilson's lower limit of 10 of 10 is 0.72; chance is 0.5.
    expect(low).toBeCloseTo((0.7225 - 0.5) / 0.5, 3);
    expect(high).toBe(1);
  });

  it("draws contexts whole: many windows of few contexts say less", () => {
    const first = said("ynynynynynynynynynyn");
    const second = said("yyynynynynynynynynyn".replace(/^yyyn/, "nyny"));
    const spread = ({ interval: [low, high] } = { interval: [0, 0] as readonly [number, number] }) =>
      high - low;
    const few = (score: typeof first) => ({
      ...score,
      judgements: score.judgements.map((one, i) => ({ ...one, context: i >> 2, start: i })),
    });
    const apart = agreement(first, second).kappa;
    const together = agreement(few(first), few(second)).kappa;
    expect(together?.value).toBe(apart?.value);
    expect(spread(together)).toBeGreaterThan(spread(apart));
  });

  it("compares a judge of fuzzing with itself, asked in two orders, on all examples of every kind", async () => {
    const examples = tokenLatent(" cat", { test: 40, nonActivating: 40 });
    for (const negatives of [undefined, ["repeated-marks"]] as const) {
      const judged = (seed: number) =>
        fuzzing(pattern(), { seed, negatives }).score(explanation("“cat” or “dog”"), examples);
      const [first, second] = [await judged(1), await judged(2)];
      expect(first.judgements.map(({ text }) => text)).not.toEqual(second.judgements.map(({ text }) => text));
      expect(agreement(first, second)).toMatchObject({
        shared: 80,
        unshared: 0,
        same: 1,
        kappa: { value: 1 },
      });
    }
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
