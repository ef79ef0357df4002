import OpenAI from "openai";
import { ModelCallError } from "../errors.js";
import type { Settings } from "../settings.js";
import type { Prices } from "./model-facts.js";
import { serverName, serviceAddress } from "./service-address.js";
import { type ServiceCall, type ServiceOptions, serviceCalls } from "./service-calls.js";
import { serviceKey } from "./service-key.js";

/** A server that speaks OpenAI's dialect: vLLM, llama.cpp, Ollama, LM Studio, OpenRouter, OpenAI itself. */
export interface OpenAIServiceOptions extends ServiceOptions {
  /** The model's name as the server has it. */
  model: string;
  /** Up to and including the version, e.g. `http://127.0.0.1:8000/v1`. Default: OpenAI's own service. */
  baseURL?: string | undefined;
  /**
   * What the server is called in ledgers and run directories. Replies of two servers are kept apart, even if their models
   * bear one name; give a name to a server that moves, and its replies stay found. Default: the address, without
   * credentials; nothing for OpenAI's own service, where a model's name says all.
   */
  server?: string | undefined;
  /**
   * Default: none, which servers of one's own take; for OpenAI's own service the environment variable
   * `OPENAI_API_KEY`, which is sent nowhere else.
   */
  apiKey?: string | undefined;
  /** US dollars per million tokens, for plans, ledgers and budgets. Give `cacheRead` where the server caches prompts. */
  prices?: Prices | undefined;
  /** Told once about each thing that the server lacks. Default: `console.warn`. */
  onWarning?: ((message: string) => void) | undefined;
}

export interface OpenAIService {
  readonly client: OpenAI;
  readonly call: <T>(call: ServiceCall<T>) => Promise<T>;
  /** Warns once. */
  readonly warn: (message: string) => void;
}

const openAI = "https://api.openai.com/v1";

/**
 * @throws {ModelCallError} If OpenAI's own service is to be asked without a key, or the key cannot be sent (`scope` is `stop`).
 * @throws {RangeError} If `baseURL` is no address, or holds a password.
 */
export function openAIService(options: OpenAIServiceOptions): OpenAIService {
  const { model, prices, onWarning = console.warn } = options;
  const baseURL = serviceAddress(options.baseURL ?? openAI);
  const key = serviceKey(options.apiKey ?? (isOpenAI(baseURL) ? openAIKey(model) : ""), model);
  const client = new OpenAI({
    // The SDK wants one; servers of one's own look at none.
    ...{ apiKey: key || "none", baseURL, maxRetries: 0, timeout: options.timeoutMs ?? 90_000 },
    // Neither is to come from the environment, nor whole requests into a log.
    ...{ organization: null, project: null, logLevel: "off" },
  });
  const keyAdvice = isOpenAI(baseURL) ? "check OPENAI_API_KEY" : "give the server's key as apiKey";
  const said = new Set<string>();
  return {
    client,
    call: serviceCalls({ sdk: OpenAI, model, key, prices, keyAdvice }, options),
    warn(message) {
      if (said.has(message)) return;
      said.add(message);
      onWarning(message);
    },
  };
}

/** What answers hang on beside model and request, see `TextModel`. */
export function serverSettings({ server, baseURL = openAI }: OpenAIServiceOptions): Settings {
  if (server === undefined && isOpenAI(baseURL)) return {};
  return { server: server ?? serverName(baseURL) };
}

/** Whether this is OpenAI's own service, whose newer models take fewer parameters than other servers. */
export function isOpenAI(baseURL = openAI): boolean {
  return new URL(baseURL).hostname === "api.openai.com";
}

function openAIKey(model: string): string {
  const key = process.env.OPENAI_API_KEY ?? "";
  if (key.trim() !== "") return key;
  throw new ModelCallError(
    `Cannot use "${model}": no API key was found; set the environment variable OPENAI_API_KEY, or give the baseURL of a server of your own`,
    "stop",
  );
}
