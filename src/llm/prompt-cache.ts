import { estimateTokens } from "./request-size.js";
import type { TextReply, TextRequest } from "./text-model.js";
import { WaitingLine } from "./waiting-line.js";

/** A service forgets what was not used for five minutes. */
const forgottenMs = 5 * 60_000;

export interface PromptCacheOptions {
  /** Tokens that a beginning must have to be kept; `null` if that is not known. */
  readonly minimum: number | null;
  readonly warn: (message: string) => void;
}

/** What is known of prompts that begin alike. */
interface Style {
  /** Infinite until the first answer is there. */
  usedAt: number;
  /** Those that wait for the first answer; `undefined` once it is there. */
  line: WaitingLine<undefined, undefined> | undefined;
  answers: number;
}

/**
 * Makes a service's prompt cache work for a model: the first call of each prompt style (system and few-shot turns)
 * goes alone, since calls that begin together would each write the cache, which costs more than not to use it; and
 * the second answer is checked, because a service that caches nothing does not say so. Warns once.
 */
export class PromptCache {
  readonly #model: string;
  readonly #options: PromptCacheOptions;
  readonly #styles = new Map<string, Style>();
  #warned = false;

  constructor(model: string, options: PromptCacheOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** Calls `complete` when it may be called. @throws What it throws, or the reason of a signal that is aborted. */
  through(
    request: TextRequest,
    complete: () => Promise<TextReply>,
    signal?: AbortSignal,
  ): Promise<TextReply> {
    const prefix = { ...request, messages: request.messages.slice(0, -1) };
    const tokens = estimateTokens(prefix);
    if (prefix.messages.length === 0 || tokens < (this.#options.minimum ?? 0)) return complete();
    const key = JSON.stringify([prefix.system, prefix.messages.map(({ content }) => content)]);
    const known = this.#styles.get(key);
    if (!known || performance.now() - known.usedAt > forgottenMs) return this.#alone(key, complete);
    if (!known.line) return this.#after(known, complete, tokens);
    return known.line.join(undefined, signal).then(() => this.#after(known, complete, tokens));
  }

  #after(style: Style, complete: () => Promise<TextReply>, tokens: number): Promise<TextReply> {
    style.usedAt = performance.now();
    return complete().then((reply) => {
      if (++style.answers === 2 && reply.usage.cachedInputTokens === 0) this.#warn(tokens);
      return reply;
    });
  }

  async #alone(key: string, complete: () => Promise<TextReply>): Promise<TextReply> {
    const line = new WaitingLine<undefined, undefined>();
    const style: Style = { usedAt: Number.POSITIVE_INFINITY, line, answers: 0 };
    this.#styles.set(key, style);
    try {
      const reply = await complete();
      style.answers++;
      return reply;
    } catch (error) {
      // The next ones begin together after all: whether they hit says nothing.
      style.answers = Number.NEGATIVE_INFINITY;
      throw error;
    } finally {
      style.usedAt = performance.now();
      style.line = undefined;
      for (let { first } = line; first; first = line.first) {
        line.leave();
        first.grant(undefined);
      }
    }
  }

  #warn(tokens: number): void {
    if (this.#warned) return;
    this.#warned = true;
    const { minimum, warn } = this.#options;
    const least = minimum === null ? "its least length is not documented" : `it keeps ${minimum} and more`;
    warn(
      `The prompt cache of "${this.#model}" is not hit: about ${tokens} tokens that calls begin with are paid in full each time (${least})`,
    );
  }
}
