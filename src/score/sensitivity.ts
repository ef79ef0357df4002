import { highlight } from "../examples/markup.js";
import { latentName } from "../latent.js";
import { ask } from "../llm/ask.js";
import type { TextModel } from "../llm/text-model.js";
import { seededRandom } from "../random.js";
import { settingsOf } from "../settings.js";
import type { Subject } from "../sparse/activations-of.js";
import type { WritingOptions } from "./generation.js";
import type { Scorer } from "./scorer.js";
import { alikeRequest, checkCount, readAlike } from "./writing-prompt.js";
import { runWritten, unwrittenScore, writtenScore } from "./written-texts.js";

export interface SensitivityOptions extends WritingOptions {
  /** Train windows that are shown. Default: 10. */
  examples?: number | undefined;
  /** Seed of which are shown. Default: 22. */
  seed?: number | undefined;
}

/**
 * Sensitivity (Tian et al. 2025, arXiv 2509.23717): whether a latent fires on texts that are like those where it fires. It needs
 * no explanation and looks at none; many latents that are explained well are not sensitive.
 *
 * Input: train windows with marks, from which the language model writes new texts; these are run through the subject.
 * Output: the share of the texts on which the latent fires, with Wilson's interval; chance as in `generation`.
 *
 * @param subject The model and coder that the latent is of.
 * @throws {RangeError} If `texts` is not a whole number of at least 1.
 */
export function sensitivity(llm: TextModel, subject: Subject, options: SensitivityOptions = {}): Scorer {
  const name = "sensitivity";
  const { texts = 10, examples: shown = 10, seed = 22 } = options;
  checkCount(texts);
  return {
    name,
    model: llm.name,
    settings: settingsOf({ ...options, subject }, llm),
    hookpoint: subject.coder.hookpoint,
    readsExplanation: false,
    async score(_explanation, examples, { signal } = {}) {
      const { latent, train } = examples;
      const windows = seededRandom(seed)
        .fork(`sensitivity ${latentName(latent)}`)
        .sample(train, shown);
      const request = alikeRequest(
        windows.map((window) => highlight(window)),
        texts,
      );
      const { outcome, usage } = await ask(llm, request, {
        read: (reply) => readAlike(reply, texts),
        parser: "alike 1",
        signal,
      });
      const parts = { scorer: name, model: llm.name, usage, examples };
      if (outcome.status !== "ok") return unwrittenScore(outcome, texts, parts);
      return writtenScore(await runWritten(subject, outcome.value, { latent, meant: true, signal }), parts);
    },
  };
}
