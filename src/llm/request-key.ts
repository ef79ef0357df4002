import { createHash } from "node:crypto";
import { hasAny, type Settings } from "../settings.js";
import type { TextRequest } from "./text-model.js";

/** Raised when the same words would be sent in another way. */
const version = 2;

/** A request to a model, with its address, in the parts that a ledger keeps. */
export interface AddressedRequest {
  /**
   * SHA-256 in hexadecimal, equal for equal model, settings and request, whatever the order of properties. How the reply is read
   * has no part in it: nobody pays twice for the same words because a parser changed.
   */
  readonly key: string;
  readonly model: string;
  /**
   * What stands before the question and is the same for thousands of requests: JSON of the instruction and of all turns but
   * the last, or the text before a text that is scored.
   */
  readonly preamble: string;
  /** SHA-256 of the preamble. */
  readonly preambleKey: string;
  /** The last message, or the text about which numbers are wanted. */
  readonly question: string;
  /** JSON of everything else that is sent and of the model's settings, by name in alphabetical order. */
  readonly parameters: string;
}

/** @param settings The model's, see `TextModel`; none and empty ones give the same address. */
export function addressRequest(
  model: string,
  { system, messages, ...rest }: TextRequest,
  settings?: Settings,
): AddressedRequest {
  const turns = messages.slice(0, -1).map(({ role, content }) => [role, content]);
  const question = messages.at(-1)?.content ?? "";
  return address({ model, before: JSON.stringify([system, turns]), question, wanted: rest, settings });
}

/** A text about which numbers are wanted, with what stands before it. */
export interface NumbersRequest {
  /** Default: nothing. */
  readonly before?: string;
  readonly text: string;
  /** What is wanted of it, and what else that hangs on. */
  readonly wanted: { readonly numbers: "vector" | "log-probabilities" | "choices" } & Settings;
}

/** The address of numbers about a text; it is never that of a `TextRequest`. */
export function addressNumbers(
  model: string,
  { before = "", text, wanted }: NumbersRequest,
  settings?: Settings,
): AddressedRequest {
  return address({ model, before, question: text, wanted, settings });
}

interface Sent {
  model: string;
  before: string;
  question: string;
  wanted: object;
  settings: Settings | undefined;
}

function address({ model, before, question, wanted, settings }: Sent): AddressedRequest {
  const { text: preamble, key: preambleKey } = shared(before);
  const parameters = canonicalJson({ ...wanted, ...(hasAny(settings) && { settings }) });
  const key = sha256(JSON.stringify([version, model, preambleKey, question, parameters]));
  return { key, model, preamble, preambleKey, question, parameters };
}

interface SharedText {
  readonly text: string;
  readonly key: string;
}

/** Preambles of late by their text: thousands of waiting requests hold one between them, and it is hashed once. */
const late = new Map<string, SharedText>();
const lateMost = 64;

function shared(text: string): SharedText {
  const known = late.get(text);
  if (known) return known;
  const [oldest] = late.keys();
  if (oldest !== undefined && late.size >= lateMost) late.delete(oldest);
  const made = { text, key: sha256(text) };
  late.set(text, made);
  return made;
}

/** JSON with properties in alphabetical order, without those that are `undefined`. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
