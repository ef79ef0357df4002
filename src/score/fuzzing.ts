import type { LatentExamples, Window } from "../examples/example.js";
import { highlight } from "../examples/markup.js";
import type { TextModel } from "../llm/text-model.js";
import { type Random, seededRandom } from "../random.js";
import { fuzzingRequest } from "./fuzzing-prompt.js";
import { type Item, item } from "./item.js";
import { judge } from "./judge.js";
import type { JudgedKind, Scorer } from "./scorer.js";
import { scoreOf } from "./summarise.js";
import { meanRightMarks, wronglyMarked, wrongMarkCount } from "./wrong-marks.js";

export interface FuzzingOptions {
  /**
   * Where the wrong marks are: in windows where the latent never fires, as the paper ran it (which a judge can
   * solve by reading the text alone); on wrong tokens of windows where it fires, as the paper's blog post
   * describes it; or `both`, half of the negatives each. Default: `both`.
   */
  negatives?: "non-activating" | "wrong-tokens" | "both" | undefined;
  /** A token is marked where its activation exceeds this share of the window's peak. Default: 0.3. */
  threshold?: number | undefined;
  /** Default: 5 (the paper). */
  examplesPerPrompt?: number | undefined;
  /** Seed of the wrong marks and of the order in which examples are shown. Default: 22. */
  seed?: number | undefined;
}

/**
 * Fuzzing (Paulo et al. 2024, section 3.3): the judge reads texts with marks and says where every mark is
 * what the explanation describes. There are as many negatives as `examples.nonActivating`, whatever their
 * kind, so that costs and class balance stay the paper's; each judgement tells its kind.
 */
export function fuzzing(llm: TextModel, options: FuzzingOptions = {}): Scorer {
  const { examplesPerPrompt = 5, seed = 22 } = options;
  const name = "fuzzing";
  return {
    name,
    model: llm.name,
    async score(explanation, examples, { signal } = {}) {
      const items = fuzzingItems(examples, options);
      const request = (texts: readonly string[]) => fuzzingRequest(explanation.text, texts);
      const judged = await judge(llm, examples, items, { request, examplesPerPrompt, seed, signal });
      return scoreOf({ scorer: name, model: llm.name, ...judged });
    },
  };
}

/** What is judged, before it is shuffled: the right marks, then the wrong ones. */
export function fuzzingItems(examples: LatentExamples, options: FuzzingOptions = {}): Item[] {
  const { negatives = "both", threshold = 0.3, seed = 22 } = options;
  const { test, nonActivating, latent } = examples;
  const random = seededRandom(seed).fork(`wrong marks ${latent.hookpoint}:${latent.index}`);
  const right = test.map((window) =>
    item(window, { kind: "activating", text: highlight(window, threshold) }),
  );
  const wanted = nonActivating.length;
  const wrongTokens =
    negatives === "both" ? Math.floor(wanted / 2) : negatives === "wrong-tokens" ? wanted : 0;
  const inFiring = random.fork("windows").sample(test, wrongTokens);
  return [
    ...right,
    ...wrong(nonActivating.slice(0, wanted - wrongTokens), "non-activating", {
      count: wrongMarkCount(test),
      random,
    }),
    ...wrong(inFiring, "wrong-tokens", { count: meanRightMarks(test, threshold), random }),
  ];
}

function wrong(
  windows: readonly Window[],
  kind: JudgedKind,
  { count, random }: { count: number; random: Random },
): Item[] {
  return windows.flatMap((window) => {
    const text = wronglyMarked(window, count, random.fork(`${kind} ${window.context}:${window.start}`));
    return text === undefined ? [] : [item(window, { kind, text })];
  });
}
