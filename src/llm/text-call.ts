import type { Needs } from "./governor.js";
import { estimateTokens, mostTokens } from "./request-size.js";
import type { Answer, ServiceCall } from "./service-calls.js";
import type { TextReply, TextRequest } from "./text-model.js";

/** How a service is asked for text. */
export interface TextAsking {
  /** Output tokens that a reply may have. */
  mostOutputTokens(request: TextRequest): number;
  send(request: TextRequest, limit: AbortSignal): Promise<Answer<TextReply>>;
}

/** A request as a call to a service. Many thousand may wait, so it holds nothing but what it is made of. */
export class TextCall implements ServiceCall<TextReply> {
  readonly #asking: TextAsking;
  readonly #request: TextRequest;
  readonly signal: AbortSignal | undefined;

  constructor(asking: TextAsking, request: TextRequest, signal: AbortSignal | undefined) {
    [this.#asking, this.#request, this.signal] = [asking, request, signal];
  }

  get needs(): Needs {
    return {
      inputTokens: estimateTokens(this.#request),
      outputTokens: this.#asking.mostOutputTokens(this.#request),
    };
  }

  get mostInputTokens(): number {
    return mostTokens(this.#request);
  }

  send(limit: AbortSignal): Promise<Answer<TextReply>> {
    return this.#asking.send(this.#request, limit);
  }
}
