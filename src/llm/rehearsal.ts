import { AsyncLocalStorage } from "node:async_hooks";
import type { TextModel, TextReply, TextRequest } from "./text-model.js";

/** A question that would have been sent, and to whom. */
export interface RehearsedQuestion {
  readonly model: Pick<TextModel, "name" | "prices" | "count">;
  readonly request: TextRequest;
  /**
   * The asker's parser: throws a `SyntaxError` for a reply that the asker could not use. Absent where numbers are asked for,
   * and no text.
   */
  readonly read?: (text: string) => unknown;
}

/** Answers in the model's place. */
export type StandIn = (question: RehearsedQuestion) => Promise<TextReply>;

const current = new AsyncLocalStorage<StandIn>();

/**
 * Runs `work` with a stand-in for every language model: what is asked within it through `ask`, however deep
 * and by whichever explainer or scorer, goes to `standIn` and is never sent. This is how a plan counts the
 * prompts of the real pipeline without a second one of its own.
 */
export function rehearse<T>(standIn: StandIn, work: () => Promise<T>): Promise<T> {
  return current.run(standIn, work);
}

/**
 * Tells a stand-in of texts that would have been sent for numbers about them, a call each. What a back end then gives is
 * made up: whoever remembers numbers must not remember these.
 */
export async function rehearseNumbers(
  standIn: StandIn,
  model: RehearsedQuestion["model"],
  texts: readonly string[],
): Promise<void> {
  const asked = (content: string) => ({
    system: "",
    messages: [{ role: "user" as const, content }],
    maxTokens: 1,
  });
  await Promise.all(texts.map((text) => standIn({ model, request: asked(text) })));
}

/** Who answers in the model's place here, or `undefined` where questions are really sent. */
export function currentStandIn(): StandIn | undefined {
  return current.getStore();
}
