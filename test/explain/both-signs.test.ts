import { describe, expect, it } from "vitest";
import { bothSigns } from "../../src/explain/both-signs.js";
import { oppositeLatent } from "../../src/explain/opposite-latent.js";
import { topActivations } from "../../src/explain/top-activations.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { loadModel } from "../../src/model/load-model.js";
import { identityCoder } from "../../src/sparse/baseline-coders.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { tokenLatent } from "../score/made-examples.js";
import { replying } from "./replying.js";

describe("bothSigns()", () => {
  const positive = { ...tokenLatent(" cat"), windowCount: 300 };
  const negative = { ...tokenLatent(" hill"), windowCount: 100 };

  it("explains each side from its own examples", async () => {
    const outcome = await bothSigns(topActivations(pattern()), { otherSide: () => negative }).explain(
      positive,
    );
    expect(outcome).toMatchObject({
      status: "ok",
      value: {
        explainer: "top-activations both-signs",
        text: "where positive: the word “cat”; where negative: the word “hill”",
        senses: [
          { text: "the word “cat”", share: 0.75 },
          { text: "the word “hill”", share: 0.25 },
        ],
      },
    });
  });

  it("explains the one side that there is", async () => {
    const one = bothSigns(topActivations(pattern()), { otherSide: async () => undefined });
    expect(await one.explain(positive)).toMatchObject({ value: { text: "the word “cat”" } });
  });

  it("gives no half of an explanation", async () => {
    const usage = { inputTokens: 90, outputTokens: 10, cachedInputTokens: 0 };
    const llm = replying({ text: "[EXPLANATION]: cats", usage }, { stop: "refused", usage });
    const outcome = await bothSigns(topActivations(llm), { otherSide: () => negative }).explain(positive);
    expect(outcome).toMatchObject({ status: "refused", usage: { inputTokens: 180, outputTokens: 20 } });
  });
});

describe("oppositeLatent()", () => {
  it("finds the other side of an axis, and none in a trained coder", async () => {
    const model = await loadModel("demo");
    const axes = identityCoder(model, "layers.3");
    expect(oppositeLatent(axes, 5)).toBe(5 + model.dModel);
    expect(oppositeLatent(axes, 5 + model.dModel)).toBe(5);
    const trained = await loadSparseCoder("demo/layers.3");
    expect(oppositeLatent(trained, 5)).toBeUndefined();
    await Promise.all([model.close(), axes.close(), trained.close()]);
  });
});
