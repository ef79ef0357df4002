import { ask } from "../llm/ask.js";
import type { TextModel } from "../llm/text-model.js";
import { settingsOf } from "../settings.js";
import type { Subject } from "../sparse/activations-of.js";
import { aurocInterval } from "../stats/auroc-interval.js";
import { wilson } from "../stats/wilson.js";
import { furtherNumbers, rescaled } from "./further-numbers.js";
import type { Scorer } from "./scorer.js";
import { checkCount, pairsRequest, readPairs, type WrittenPair } from "./writing-prompt.js";
import { areaAgainstNatural, peakOf, runWritten, unwrittenScore, writtenScore } from "./written-texts.js";

export interface WritingOptions {
  /** How many texts are written. Default: 10. */
  texts?: number | undefined;
}

/**
 * Generation (Juang et al. 2024; the input metric of Gur-Arieh et al. 2025, arXiv 2501.08319; clarity of FADE, Puri et al. 2025,
 * arXiv 2502.16994): whether texts that are written to hold what the explanation says make the latent fire.
 *
 * Input: texts that the language model writes, each with a counterpart, the same text with as little changed as possible so
 * that it does not hold it; both are run through the subject. Output: the share of the texts on which the latent fires,
 * with Wilson's interval; chance is the share of natural texts of that length on which it would, from its density. `also`:
 * the same share of the counterparts, the AUROC of peak activations against theirs, and clarity: 2·AUROC − 1 against the
 * natural texts of the examples, those where it fires weighted by its density (FADE takes the absolute value, which
 * hides a latent that fires on the opposite). Says nothing of what the latent fires on besides.
 *
 * @param subject The model and coder that the latent is of.
 * @throws {RangeError} If `texts` is not a whole number of at least 1.
 */
export function generation(llm: TextModel, subject: Subject, options: WritingOptions = {}): Scorer {
  const name = "generation";
  const { texts = 10 } = options;
  checkCount(texts);
  return {
    name,
    model: llm.name,
    settings: settingsOf({ ...options, subject }, llm),
    hookpoint: subject.coder.hookpoint,
    async score(explanation, examples, { signal } = {}) {
      const read = (reply: string) => readPairs(reply, texts);
      const { outcome, usage } = await ask(llm, pairsRequest(explanation.text, texts), {
        read,
        parser: "pairs 1",
        signal,
      });
      const parts = { scorer: name, model: llm.name, usage, examples };
      if (outcome.status !== "ok") return unwrittenScore(outcome, 2 * texts, parts);
      const run = (which: keyof WrittenPair) => {
        const found = outcome.value.map((pair) => pair[which]);
        return runWritten(subject, found, { latent: examples.latent, meant: which === "text", signal });
      };
      const [written, counter] = await Promise.all([run("text"), run("counterpart")]);
      const firing = counter.filter(({ truth }) => truth).length;
      return writtenScore([...written, ...counter], {
        ...parts,
        ...furtherNumbers({
          "share of counterparts firing": { value: firing / texts, interval: wilson(firing, texts) },
          "AUROC against counterparts": aurocInterval(written.map(peakOf), counter.map(peakOf)),
          clarity: rescaled(areaAgainstNatural(written.map(peakOf), examples), (area) => 2 * area - 1),
        }),
      });
    },
  };
}
