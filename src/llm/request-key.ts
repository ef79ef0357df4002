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
  /** JSON of the instruction and of all turns but the last: the same for thousands of requests. */
  readonly preamble: string;
  /** SHA-256 of the preamble. */
  readonly preambleKey: string;
  /** The last message. */
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
  const { text: preamble, key: preambleKey } = shared(JSON.stringify([system, turns]));
  const question = messages.at(-1)?.content ?? "";
  const parameters = canonicalJson({ ...rest, ...(hasAny(settings) && { settings }) });
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
