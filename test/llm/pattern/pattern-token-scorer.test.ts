import { describe, expect, it } from "vitest";
import { pattern } from "../../../src/llm/pattern/pattern-model.js";
import { patternTokenScorer } from "../../../src/llm/pattern/pattern-token-scorer.js";
import { detection } from "../../../src/score/detection.js";
import { fuzzing } from "../../../src/score/fuzzing.js";
import type { Judgement, Score } from "../../../src/score/scorer.js";
import { simulation } from "../../../src/score/simulation.js";
import { surprisalPrefix } from "../../../src/score/surprisal-prompt.js";
import { explanation, tokenLatent } from "../../score/made-examples.js";

const scorer = patternTokenScorer();
const texts = ["  A cat\nsat, ", "no", "", "…\t“Cats” 3.5 "];

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, n) => total + n, 0);

describe("patternTokenScorer()", () => {
  it("cuts texts into words and signs, and gives each a probability below 1", async () => {
    const found = await scorer.score(surprisalPrefix("the word “cat”"), texts);
    expect(found.map(({ pieces }) => pieces.join(""))).toEqual(texts);
    expect(found[0].pieces).toEqual(["  A", " cat", "\n", "sat", ",", " "]);
    for (const { pieces, logProbabilities } of found) {
      expect(logProbabilities.length).toBe(pieces.length);
      for (const p of logProbabilities) expect(p).toBeLessThan(0);
    }
  });

  it("finds a word that is described likelier by the factor that it says, and any other a little less likely", async () => {
    const text = "The cat sat";
    const given = async (description: string) =>
      (await scorer.score(surprisalPrefix(description), [text]))[0].logProbabilities;
    const [described, plain] = [await given("the word “cat”"), await given("Various unrelated sentences.")];
    const gains = Array.from(described, (p, i) => Math.exp(p - plain[i]));
    for (const [i, gain] of [0.98, 0.98 + 20, 0.98].entries()) expect(gains[i]).toBeCloseTo(gain, 3);
  });

  it("answers as the embedded model does: detection, fuzzing, simulation", async () => {
    const examples = tokenLatent(" red");
    const about = explanation("the word “red” or “house”");
    const answers = ({ judgements }: Score, of: (judgement: Judgement) => unknown) =>
      new Map(judgements.map((judgement) => [`${judgement.kind} ${judgement.text}`, of(judgement)]));
    const yes = ({ answer }: Judgement) => answer.status === "ok" && answer.value.yes;
    for (const make of [detection, fuzzing]) {
      const [byProbability, byText] = [
        await make(scorer).score(about, examples),
        await make(pattern()).score(about, examples),
      ];
      expect(answers(byProbability, yes)).toEqual(answers(byText, yes));
      expect(byProbability.also?.["Brier score"]).toBeGreaterThan(0);
    }
    const fires = ({ answer }: Judgement) =>
      answer.status === "ok" && answer.value.activations?.map((activation) => activation > 4.5);
    const options = { windows: "all" } as const;
    expect(answers(await simulation(scorer, options).score(about, examples), fires)).toEqual(
      answers(await simulation(pattern(), options).score(about, examples), fires),
    );
  });

  it("is as likely to say one thing as another of what it cannot read", async () => {
    const digits = ["0", "1", "2", "3"];
    const { probabilities, mass } = await scorer.choose("Looks for: what cats like\n", [" a\t", "?\n b\t"], {
      candidates: digits,
    });
    expect([...probabilities.data]).toEqual(Array(8).fill(0.25));
    expect([...mass]).toEqual([1, 1]);
    const known = await scorer.choose("Looks for: the word “b”\n", [" a\t", "?\n b\t"], {
      candidates: [...digits, "9"],
    });
    for (const row of [0, 1])
      expect(sum(known.probabilities.data.subarray(5 * row, 5 * row + 5))).toBeCloseTo(1);
    expect(known.probabilities.data[4]).toBeLessThan(0.05);
    expect(known.probabilities.data[9]).toBeCloseTo(0.95);
  });

  it("stops where it is asked to", async () => {
    const signal = AbortSignal.abort();
    await expect(scorer.score("", ["a"], { signal })).rejects.toThrow(/abort/i);
    await expect(scorer.choose("", ["a"], { candidates: ["0", "1"], signal })).rejects.toThrow(/abort/i);
  });
});
