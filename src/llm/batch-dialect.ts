import type Anthropic from "@anthropic-ai/sdk";
import type { ModelCallError } from "../errors.js";
import type { Failure } from "./service-failure.js";
import type { TextReply, TextRequest } from "./text-model.js";

/** How a model's requests are written and its results read. */
export interface BatchDialect {
  readonly model: string;
  body(request: TextRequest): Anthropic.MessageCreateParamsNonStreaming;
  /** @throws If it is no message. */
  reply(message: Anthropic.Message): TextReply;
  error(failure: Failure): ModelCallError;
}
