import { type ClaudeOptions, claude } from "./claude.js";
import { type OpenAICompatibleOptions, openAICompatible } from "./openai-compatible.js";
import { pattern } from "./pattern/pattern-model.js";
import { replay } from "./replay.js";
import { withoutUser } from "./service-address.js";
import type { ServiceOptions } from "./service-calls.js";
import type { TextModel } from "./text-model.js";

/**
 * A text model by a name, as the command line takes it: `pattern` (needs no key), `claude` or a Claude model's id,
 * `openai:http://127.0.0.1:8000/v1#model` for a server that speaks OpenAI's dialect, `openai:model` for OpenAI's own
 * service, `replay:file` for the replies of a ledger. Keys come from the environment.
 *
 * @param options `roomToThink`: of a server's model; of a ledger, which of its replies are meant.
 * @throws {SyntaxError} If the name is none of these.
 * @throws {RangeError} If another model is given `roomToThink`; Claude has room of its own.
 * @throws {ModelCallError} If there is no key (`scope` is `stop`).
 */
export function modelFromName(
  name: string,
  { roomToThink, ...options }: ServiceOptions & Pick<OpenAICompatibleOptions, "roomToThink"> = {},
): TextModel {
  if (roomToThink !== undefined && !/^(openai|replay):/.test(name)) {
    throw new RangeError(
      `Cannot give "${withoutUser(name)}" room to think: only openai: models take it; leave it out`,
    );
  }
  if (name === "pattern") return pattern();
  if (name === "claude") return claude(options);
  if (name.startsWith("claude-")) return claude({ ...options, model: name } satisfies ClaudeOptions);
  const [, kind, rest] = /^(openai|replay):(.+)$/s.exec(name) ?? [];
  if (kind === "replay" && rest) return replay(rest, roomToThink ? { settings: { roomToThink } } : {});
  if (kind === "openai" && rest) {
    const [, baseURL, model] = /^(https?:\/\/[^#]+)#(.+)$/.exec(rest) ?? [];
    if (baseURL && model) return openAICompatible({ ...options, roomToThink, baseURL, model });
    if (!rest.includes("://")) return openAICompatible({ ...options, roomToThink, model: rest });
  }
  throw new SyntaxError(
    `Cannot tell which model "${withoutUser(name)}" is: give pattern, claude, a Claude model's id, openai:http://HOST/v1#MODEL, or replay:FILE`,
  );
}
