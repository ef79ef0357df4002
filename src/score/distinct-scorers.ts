import type { Settings } from "../settings.js";
import type { Scorer } from "./scorer.js";

/**
 * The same scorers under names that differ, so that what two judges say of a latent stands side by side: see
 * `distinctNames`. Their scores carry the new names.
 */
export function distinctScorers(scorers: readonly Scorer[]): Scorer[] {
  const names = distinctNames(scorers);
  return scorers.map((scorer, i) => (scorer.name === names[i] ? scorer : renamed(scorer, names[i])));
}

function renamed(scorer: Scorer, name: string): Scorer {
  return { ...scorer, name, score: async (...args) => ({ ...(await scorer.score(...args)), scorer: name }) };
}

type Part = Pick<Scorer, "name" | "model" | "settings">;

/**
 * The names, and where one occurs twice what tells its bearers apart, in brackets: their models, else the settings in which
 * they differ, else a number. `detection (claude-haiku-5-5)`, `detection (examplesPerPrompt 1)`, `detection (2)`.
 */
export function distinctNames(parts: readonly Part[]): string[] {
  const names = parts.map(({ name }) => name);
  for (const name of new Set(names)) {
    const same = parts.filter((part) => part.name === name);
    if (same.length === 1) continue;
    const labels = labelsOf(same)[Symbol.iterator]();
    parts.forEach((part, i) => {
      if (part.name === name) names[i] = `${name} (${labels.next().value})`;
    });
  }
  return names;
}

function labelsOf(same: readonly Part[]): string[] {
  const models = same.map(({ model }) => model);
  const settings = differences(same.map((part) => part.settings ?? {}));
  const both = models.map((model, i) => `${model}, ${settings[i]}`);
  const numbers = same.map((_, i) => String(i + 1));
  return [models, settings, both].find((labels) => new Set(labels).size === same.length) ?? numbers;
}

/** Of each the settings that are not the same in all, as `examplesPerPrompt 1, seed default`. */
function differences(all: readonly Settings[]): string[] {
  const text = (settings: Settings, name: string) =>
    settings[name] === undefined ? "default" : JSON.stringify(settings[name]);
  const names = [...new Set(all.flatMap(Object.keys))];
  const telling = names.filter((name) => new Set(all.map((one) => text(one, name))).size > 1);
  return all.map((one) => telling.map((name) => `${name} ${text(one, name)}`).join(", "));
}
