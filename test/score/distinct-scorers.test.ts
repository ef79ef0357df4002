import { describe, expect, it } from "vitest";
import { detection } from "../../src/score/detection.js";
import { distinctNames, distinctScorers } from "../../src/score/distinct-scorers.js";
import { fuzzing } from "../../src/score/fuzzing.js";
import { replying } from "../explain/replying.js";
import { explanation, tokenLatent } from "./made-examples.js";

const ann = replying({ text: "" });
const bob = { ...ann, name: "bob" };

describe("distinctNames()", () => {
  it("leaves names alone that differ", () => {
    expect(distinctNames([detection(ann), fuzzing(ann)])).toEqual(["detection", "fuzzing"]);
  });

  it("tells scorers of one name apart by model, else by settings, else by both, else by number", () => {
    expect(distinctNames([detection(ann), fuzzing(ann), detection(bob, { seed: 5 })])).toEqual([
      ...["detection (m)", "fuzzing", "detection (bob)"],
    ]);
    const one = detection(ann, { examplesPerPrompt: 1, seed: 5 });
    const settings = ["detection (examplesPerPrompt default)", "detection (examplesPerPrompt 1)"];
    expect(distinctNames([detection(ann, { seed: 5 }), one])).toEqual(settings);
    expect(distinctNames([detection(ann), detection(bob), detection(ann, { seed: 5 })])).toEqual([
      ...["detection (m, seed default)", "detection (bob, seed default)", "detection (m, seed 5)"],
    ]);
    expect(distinctNames([detection(ann), detection(ann)])).toEqual(["detection (1)", "detection (2)"]);
  });
});

describe("distinctScorers()", () => {
  it("puts the name on every score, and changes nothing else", async () => {
    const scorers = distinctScorers([detection(ann), detection(bob), fuzzing(ann)]);
    const examples = tokenLatent(" cat");
    const scores = await Promise.all(scorers.map((scorer) => scorer.score(explanation("cats"), examples)));
    expect(scores.map(({ scorer, model }) => [scorer, model])).toEqual([
      ["detection (m)", "m"],
      ["detection (bob)", "bob"],
      ["fuzzing", "m"],
    ]);
    expect({ ...scores[0], scorer: "detection" }).toEqual(
      await detection(ann).score(explanation("cats"), examples),
    );
  });
});
