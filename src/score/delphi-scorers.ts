/**
 * Detection and fuzzing on the items, in the order and in the batches of delphi, to compare with its results; the wording
 * of the prompts is ours. Not for use otherwise: fuzzing's negatives can be told by where their marks stand.
 */
import type { LatentExamples, Window } from "../examples/example.js";
import { markTokens } from "../examples/markup.js";
import { pythonRandom } from "../examples/mersenne-twister.js";
import type { NegativeWindow } from "../examples/negative-ladder.js";
import { floatToHalf, halfToFloat } from "../formats/half.js";
import type { TextModel } from "../llm/text-model.js";
import { settingsOf } from "../settings.js";
import { classificationRequest } from "./classification-prompt.js";
import { delphiMetrics } from "./delphi-metrics.js";
import { detectionPrompt } from "./detection-prompt.js";
import { fuzzingPrompt } from "./fuzzing-prompt.js";
import { type Item, item, textItems } from "./item.js";
import { judgeInOrder } from "./judge.js";
import type { Scorer } from "./scorer.js";
import { scoreOf } from "./summarise.js";
import { repeatedMarkCount } from "./wrong-marks.js";

export type DelphiTask = "detection" | "fuzzing";

const examplesPerPrompt = 5;

/** One of delphi's scorers of yes and no, five examples in a prompt. `also` has the metrics that it prints. */
export function delphiScorer(task: DelphiTask, llm: TextModel): Scorer {
  const name = `${task} (delphi)`;
  const prompt = task === "detection" ? detectionPrompt : fuzzingPrompt;
  return {
    name,
    model: llm.name,
    settings: settingsOf({}, llm),
    async score({ text: explanation }, examples, { signal } = {}) {
      const judged = await judgeInOrder(llm, delphiItems(task, examples), {
        request: (texts) => classificationRequest(prompt, { explanation, texts, confidence: false }),
        read: (reply) => firstAnswers(reply).map((yes) => ({ yes })),
        parser: "delphi answers 1",
        examplesPerPrompt,
        signal,
      });
      return {
        ...scoreOf({ scorer: name, model: llm.name, ...judged }),
        also: delphiMetrics(judged.judgements),
      };
    },
  };
}

/** The first list in a line, whatever else there is. One of fewer than five is no answer, so that a last batch is often lost. */
function firstAnswers(reply: string): boolean[] {
  for (const line of reply.split("\n")) {
    const start = line.indexOf("[");
    const end = line.indexOf("]", start);
    if (start < 0 || end < 0) continue;
    const answers: unknown = JSON.parse(line.slice(start, end + 1));
    if (Array.isArray(answers) && answers.length === examplesPerPrompt) return answers.map(Boolean);
    break;
  }
  throw new SyntaxError(`Cannot read answers as delphi does: its first list is not of ${examplesPerPrompt}`);
}

/** What is judged, in the order in which a scorer of its own would show it for each latent: negatives and test windows, shuffled. */
export function delphiItems(task: DelphiTask, examples: LatentExamples): Item[] {
  const items = task === "detection" ? textItems(examples) : markedItems(examples);
  const negatives = items.filter(({ truth }) => !truth);
  return pythonRandom(42).shuffle([...negatives, ...items.filter(({ truth }) => truth)]);
}

/** Share of a window's largest activation from which its tokens are marked: included here, not in explainers' prompts. */
const threshold = 0.3;

function markedItems({ test, nonActivating }: LatentExamples): Item[] {
  const count = repeatedMarkCount(test);
  const right = test.map((window) =>
    item(window, { kind: "activating", text: rightlyMarked(window.pieces, window.activations) }),
  );
  const wrong = nonActivating.map((window: Window | NegativeWindow) => {
    if ("kind" in window && window.other) {
      const text = rightlyMarked(window.pieces, window.other.activations);
      return item(window, { kind: window.kind, text });
    }
    return item(window, { kind: "repeated-marks", text: wronglyMarked(window, count) });
  });
  return [...right, ...wrong];
}

/** Marks where a latent fires: of windows of neighbours where these do. The limit is of half precision, as activations are. */
function rightlyMarked(pieces: readonly string[], activations: Float32Array): string {
  const [limit] = halfToFloat(floatToHalf([threshold * Math.max(...activations)]));
  return markTokens(
    pieces,
    Array.from(activations, (activation) => activation >= limit),
  );
}

/** Marks on the token a quarter before the end, and on others that are the same in all windows. */
function wronglyMarked({ pieces }: Window, count: number): string {
  const always = pieces.length - Math.floor(pieces.length / 4);
  const others = [...pieces.keys()].filter((i) => i !== always);
  const marked = new Set([always, ...pythonRandom(22).sample(others, Math.min(count - 1, others.length))]);
  return markTokens(
    pieces,
    pieces.map((_, i) => marked.has(i)),
  );
}
