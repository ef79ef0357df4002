import { createHash } from "node:crypto";

/** How something was made, as values of JSON: what a run is named by, and what a reader of its results sees. */
export type Settings = { readonly [name: string]: Setting };
export type Setting = string | number | boolean | null | Settings | readonly Setting[];

/**
 * Options as settings, by name in alphabetical order. What is `undefined` is left out. A subject model or coder stands as its
 * name, with its hash where it has one, a cache as its hash, a language model as its name and its own settings, an explainer
 * or scorer as its name, its model and its own settings, a function as its name and a hash of its source.
 *
 * @param asked The language model or embedder of an explainer or scorer: its settings are added, as `asked`.
 */
export function settingsOf(
  options: object,
  asked: { readonly settings?: Settings | undefined } = {},
): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  given.sort(([a], [b]) => (a < b ? -1 : 1));
  const own = Object.fromEntries(given.map(([name, value]) => [name, settingOf(value)]));
  return hasAny(asked.settings) ? { ...own, asked: asked.settings } : own;
}

/** Whether there are settings at all. */
export function hasAny(settings: Settings | undefined): settings is Settings {
  return settings !== undefined && Object.keys(settings).length > 0;
}

function settingOf(value: unknown): Setting {
  if (typeof value === "function") return `${value.name || "function"} ${shortHash(String(value))}`;
  // JSON knows neither Infinity nor large integers.
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map(settingOf);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>, settingOf);
  const { name, model, settings, hash }: Partial<Maker> = value;
  if (typeof hash === "string") return name === undefined ? hash : `${name} ${hash.slice(0, 12)}`;
  if (typeof name !== "string") return settingsOf(value);
  if (typeof model === "string") return { name, model, ...settings };
  return hasAny(settings) ? { name, ...settings } : name;
}

/** What an explainer, a scorer, a model, a coder and a cache may say of themselves. */
interface Maker {
  readonly name: string;
  readonly model: string;
  readonly settings: Settings;
  readonly hash: string;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
