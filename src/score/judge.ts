import type { LatentExamples } from "../examples/example.js";
import { latentName } from "../latent.js";
import { ask } from "../llm/ask.js";
import type { Outcome } from "../llm/outcome.js";
import { addUsage, noUsage, type TextModel, type TextRequest, type Usage } from "../llm/text-model.js";
import { seededRandom } from "../random.js";
import type { Item } from "./item.js";
import type { Answer, Judgement } from "./scorer.js";
import { together } from "./together.js";

export interface BatchOptions {
  /** The whole question about a few texts. */
  readonly request: (texts: readonly string[]) => TextRequest;
  /** The answers of a reply about `n` texts. @throws {SyntaxError} If it cannot be read. */
  readonly read: (reply: string, n: number) => readonly Answer[];
  /** Name and version of `read`. */
  readonly parser: string;
  readonly examplesPerPrompt: number;
  readonly signal: AbortSignal | undefined;
}

export interface JudgeOptions extends BatchOptions {
  readonly seed: number;
}

/**
 * Shows the items to the judge, a few per prompt, in an order that depends on the seed and the latent only.
 * A reply that cannot be read leaves all of its items without an answer; a call that stops the run stops the
 * other prompts too.
 */
export async function judge(
  llm: TextModel,
  examples: LatentExamples,
  items: readonly Item[],
  options: JudgeOptions,
): Promise<{ judgements: Judgement[]; usage: Usage }> {
  return judgeInOrder(llm, inOrder(items, examples, options.seed), options);
}

/** @throws {RangeError} If `examplesPerPrompt` is not a whole number >= 1. */
export function checkPromptSize({ examplesPerPrompt = 1 }: { examplesPerPrompt?: number | undefined }): void {
  if (Number.isInteger(examplesPerPrompt) && examplesPerPrompt >= 1) return;
  throw new RangeError(
    `Cannot show ${examplesPerPrompt} examples per prompt: give a whole number of at least 1`,
  );
}

/** The same in the order given. */
export async function judgeInOrder(
  llm: TextModel,
  shuffled: readonly Item[],
  options: BatchOptions,
): Promise<{ judgements: Judgement[]; usage: Usage }> {
  const { examplesPerPrompt: size } = options;
  const batches = Array.from({ length: Math.ceil(shuffled.length / size) }, (_, i) =>
    shuffled.slice(i * size, (i + 1) * size),
  );
  const judged = await together(
    batches,
    (batch, signal) => judgeBatch(llm, batch, { ...options, signal }),
    options,
  );
  return {
    judgements: judged.flatMap((batch) => batch.judgements),
    usage: judged.reduce((sum, batch) => addUsage(sum, batch.usage), noUsage),
  };
}

async function judgeBatch(
  llm: TextModel,
  batch: readonly Item[],
  { request, read: readReply, parser, signal }: BatchOptions,
) {
  const question = request(batch.map(({ text }) => text));
  const read = (reply: string) => readReply(reply, batch.length);
  const { outcome, usage } = await ask(llm, question, { read, parser, signal });
  const judgements = batch.map((shown, i): Judgement => ({ ...shown, answer: answerOf(outcome, i) }));
  return { judgements, usage };
}

function answerOf(outcome: Outcome<readonly Answer[]>, i: number): Outcome<Answer> {
  return outcome.status === "ok" ? { status: "ok", value: outcome.value[i] } : outcome;
}

/** Items in the order in which they are shown: it depends on the seed and the latent only. */
export function inOrder(items: readonly Item[], { latent }: LatentExamples, seed: number): Item[] {
  return seededRandom(seed).fork(latentName(latent)).shuffle(items);
}
