/** All clauses that could describe a marked place: what it is, times what stands before it. */
import type { Document, Unit } from "./document.js";
import type { Mark, MarkedText } from "./marked-text.js";
import { type Before, type Clause, soon, type Target } from "./pattern.js";
import { hasCapitals, startsSentence } from "./run.js";
import { classesOf, isCommon } from "./word-classes.js";

/** Clauses, with one string per list, that at least `atLeast` of the examples suggest. */
export function candidates(texts: readonly MarkedText[], atLeast: number): Clause[] {
  const found = new Map<string, { clause: Clause; examples: Set<number> }>();
  for (const [i, { document, marks }] of texts.entries()) {
    for (const mark of marks) {
      for (const clause of clausesFor(document, mark)) {
        const key = JSON.stringify(clause);
        const entry = found.get(key) ?? { clause, examples: new Set() };
        entry.examples.add(i);
        found.set(key, entry);
      }
    }
  }
  const suggested = [...found.values()].filter(({ examples }) => examples.size >= atLeast);
  return [...suggested.map(({ clause }) => clause), ...contexts(texts, atLeast)];
}

/** Words all over a text that holds a certain word or sign, for latents that fire all over certain texts. */
function contexts(texts: readonly MarkedText[], atLeast: number): Clause[] {
  const marks = texts.reduce((sum, text) => sum + text.marks.length, 0);
  if (marks < 5 * texts.length) return [];
  const holders = new Map<string, number>();
  for (const { document } of texts) {
    const own = new Set(document.units.filter((unit) => !isCommon(unit)).map(({ lower }) => lower));
    for (const word of own) holders.set(word, (holders.get(word) ?? 0) + 1);
  }
  const words = [...holders].filter(([, n]) => n >= atLeast).map(([word]) => word);
  return words.map((word) => ({ target: { kind: "class", name: "a word" }, nearby: [word] }));
}

function clausesFor(document: Document, mark: Mark): Clause[] {
  const index = document.unitAt[mark.start] ?? -1;
  const targets = targetsFor(document, mark);
  if (index < 0) return targets.map((target) => ({ target }));
  const befores = beforesFor(document, index);
  return targets.flatMap((target) => [{ target }, ...befores.map((before) => ({ target, before }))]);
}

function targetsFor(document: Document, { start, end }: Mark): Target[] {
  const unit = document.units[document.unitAt[start] ?? -1];
  const own = document.text.slice(start, end);
  if (!unit) return [];
  if (end > unit.end || (unit.kind !== "word" && unit.kind !== "number")) return signTargets(unit, own);
  const bothCases = <T>(text: string, make: (text: string) => T): T[] => {
    const lower = document.lower.slice(start, end).length === text.length ? text.toLowerCase() : text;
    return hasCapitals(text) ? [make(lower), make(text)] : [make(text)];
  };
  const whole = start === unit.start && end === unit.end;
  return [
    ...bothCases(unit.text, (word): Target => ({ kind: "word", words: [word] })),
    ...classesOf(unit).map((name): Target => ({ kind: "class", name })),
    ...affixTargets(unit),
    ...(whole ? [] : partTargets(unit, { start, end })),
  ];
}

function signTargets(unit: Unit, own: string): Target[] {
  const parts: Target[] = own.trim() === "" ? [] : [{ kind: "part", parts: [own], place: "anywhere" }];
  const whole = own.length <= unit.end - unit.start || own.trim() === "";
  return whole ? [...parts, ...classesOf(unit).map((name): Target => ({ kind: "class", name }))] : parts;
}

/** The longest first: of equally good ones the most specific is taken. */
function affixTargets({ lower, kind }: Unit): Target[] {
  if (kind !== "word") return [];
  return [4, 3, 2, 1].flatMap((n): Target[] => {
    if (lower.length < n + 2) return [];
    const suffix: Target = { kind: "suffix", parts: [lower.slice(-n)] };
    const prefix: Target = { kind: "prefix", parts: [lower.slice(0, n)] };
    return n === 1 ? [suffix] : [prefix, suffix];
  });
}

function partTargets(unit: Unit, { start, end }: { start: number; end: number }): Target[] {
  const from = start - unit.start;
  const to = end - unit.start;
  const spellings = hasCapitals(unit.text) ? [unit.lower, unit.text] : [unit.lower];
  return spellings.flatMap((word): Target[] => {
    const part = word.slice(from, to);
    const place = from === 0 ? "start" : to === word.length ? "end" : "middle";
    const targets: Target[] = [
      { kind: "part", parts: [part], place },
      { kind: "part", parts: [part], place: "anywhere" },
      { kind: "in-word", part, words: [word] },
    ];
    if (from > 0) targets.push({ kind: "in-prefix", part, starts: [word.slice(0, to)] });
    if (from > 0) targets.push({ kind: "part", parts: [word.slice(from - 1, to)], place: "anywhere" });
    return targets;
  });
}

function beforesFor({ units }: Document, index: number): Before[] {
  const previous = units[index - 1];
  const befores: Before[] = [];
  if (startsSentence(units, index)) befores.push({ kind: "at-start", of: "sentence" });
  if (!previous) return befores;
  if (previous.kind === "break") befores.push({ kind: "at-start", of: "line" });
  befores.push({ kind: "after", words: [previous.lower] });
  const beforeThat = units[index - 2];
  if (beforeThat) befores.push({ kind: "after", words: [`${beforeThat.lower} ${previous.lower}`] });
  for (const name of classesOf(previous)) {
    if (name !== "a word") befores.push({ kind: "after-class", name });
  }
  for (const unit of units.slice(Math.max(0, index - soon), index)) {
    befores.push({ kind: "soon-after", words: [unit.lower] });
  }
  return befores;
}
