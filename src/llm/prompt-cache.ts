import { estimateTokens } from "./request-size.js";
import type { TextReply, TextRequest } from "./text-model.js";
import { WaitingLine } from "./waiting-line.js";

/** A service forgets what was not used for five minutes. */
const forgottenMs = 5 * 60_000;

export interface PromptCacheOptions {
  /** Tokens that a beginning must have to be kept; `null` if that is not known. */
  readonly minimum: number | null;
  readonly warn: (message: string) => void;
  /** Asks the service. */
  readonly complete: Complete;
}

type Complete = (request: TextRequest, signal: AbortSignal | undefined) => Promise<TextReply>;

/** What is known of prompts that begin alike. */
interface Style {
  readonly tokens: number;
  /** Infinite until the first answer is there. */
  usedAt: number;
  /** Those that wait for the first answer; `undefined` once it is there. */
  line: WaitingLine<undefined, undefined> | undefined;
  /** Whether a later answer was looked at for a hit, or is about to be. */
  checked: boolean;
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

  /** Asks when it is time to. @throws What asking throws, or the reason of the signal that is aborted. */
  complete(request: TextRequest, signal: AbortSignal | undefined): Promise<TextReply> {
    const prefix = { ...request, messages: request.messages.slice(0, -1) };
    const tokens = estimateTokens(prefix);
    const { minimum, complete } = this.#options;
    if (prefix.messages.length === 0 || tokens < (minimum ?? 0)) return complete(request, signal);
    const key = JSON.stringify([prefix.system, prefix.messages.map(({ content }) => content)]);
    const known = this.#styles.get(key);
    if (!known || performance.now() - known.usedAt > forgottenMs) {
      const line = new WaitingLine<undefined, undefined>();
      const style = { tokens, usedAt: Number.POSITIVE_INFINITY, line, checked: false };
      this.#styles.set(key, style);
      return this.#alone(style, request, signal);
    }
    if (!known.line) return this.#after(known, request, signal);
    const { line } = known;
    return new Promise((resolve, refuse) => {
      const grant = () => resolve(this.#after(known, request, signal));
      line.join({ wish: undefined, signal, grant, refuse });
    });
  }

  #after(style: Style, request: TextRequest, signal: AbortSignal | undefined): Promise<TextReply> {
    style.usedAt = performance.now();
    const reply = this.#options.complete(request, signal);
    if (style.checked) return reply;
    style.checked = true;
    const check = (second: TextReply) => {
      if (second.usage.cachedInputTokens === 0) this.#warn(style.tokens);
      return second;
    };
    return reply.then(check, (error: unknown) => {
      style.checked = false;
      throw error;
    });
  }

  async #alone(style: Style, request: TextRequest, signal: AbortSignal | undefined): Promise<TextReply> {
    try {
      return await this.#options.complete(request, signal);
    } catch (error) {
      // The next ones begin together after all: whether they hit says nothing.
      style.checked = true;
      throw error;
    } finally {
      const { line } = style;
      [style.usedAt, style.line] = [performance.now(), undefined];
      for (; line?.first; line.leave()) line.first.grant(undefined);
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
