/**
 * Patterns as JSON: what a language model writes when it is asked for an explanation that runs. Nothing is guessed at: a
 * field that is not known, a list that is empty or a regular expression that does not compile is an error that says where.
 */
import type { After, Before, Clause, Pattern, Place, Positions, Target } from "./pattern.js";
import { safeRegex } from "./safe-regex.js";
import { classNames, isClassName } from "./word-classes.js";

/** Bounds on what is run: a longer list is no explanation. */
const mostItems = 200;
const longestString = 500;
const deepest = 4;

/**
 * Checks a pattern, e.g. of `JSON.parse`.
 *
 * @throws {SyntaxError} If it is none; names the place, as `clauses[0].target.words`.
 */
export function readPattern(value: unknown): Pattern {
  const fields = object(value, "the pattern", ["clauses"]);
  return { clauses: readClauses(fields.clauses, "clauses", deepest) };
}

function readClauses(value: unknown, where: string, depth: number): Clause[] {
  if (depth === 0) throw wrong(where, `clauses inside clauses go ${deepest} deep at most`);
  return list(value, where).map((clause, i) => readClause(clause, `${where}[${i}]`, depth));
}

function readClause(value: unknown, where: string, depth: number): Clause {
  const fields = object(value, where, ["target", "before", "after", "at", "nearby", "also", "except"]);
  const part = <K extends keyof Clause>(name: K, read: (value: unknown, where: string) => Clause[K]) =>
    fields[name] === undefined ? {} : { [name]: read(fields[name], `${where}.${name}`) };
  const nested = (inner: unknown, at: string) => readClauses(inner, at, depth - 1);
  return {
    target: readTarget(fields.target, `${where}.target`),
    ...part("before", readBefore),
    ...part("after", readAfter),
    ...part("at", readPositions),
    ...part("nearby", strings),
    ...part("also", nested),
    ...part("except", nested),
  };
}

/** The fields of each kind of target. */
const targetFields = {
  word: ["words"],
  prefix: ["parts"],
  suffix: ["parts"],
  part: ["parts", "place"],
  "in-word": ["part", "words"],
  "in-prefix": ["part", "starts"],
  token: ["tokens"],
  regex: ["source"],
  class: ["name"],
} as const satisfies Record<Target["kind"], readonly string[]>;

function readTarget(value: unknown, where: string): Target {
  const { kind, fields } = kindOf(value, where, targetFields);
  const texts = (name: string) => strings(fields[name], `${where}.${name}`);
  const text = (name: string) => string(fields[name], `${where}.${name}`);
  switch (kind) {
    case "word":
      return { kind, words: texts("words") };
    case "prefix":
    case "suffix":
      return { kind, parts: texts("parts") };
    case "part":
      return {
        kind,
        parts: texts("parts"),
        place: oneOf(fields.place ?? "anywhere", `${where}.place`, places),
      };
    case "in-word":
      return { kind, part: text("part"), words: texts("words") };
    case "in-prefix":
      return { kind, part: text("part"), starts: texts("starts") };
    case "token":
      return { kind, tokens: texts("tokens") };
    case "regex":
      return { kind, source: regex(fields.source, `${where}.source`) };
    case "class":
      return { kind, name: className(fields.name, `${where}.name`) };
  }
}

const places: readonly Place[] = ["anywhere", "start", "middle", "end"];

const beforeFields = {
  after: ["words"],
  "after-class": ["name"],
  "soon-after": ["words", "within"],
  "at-start": ["of"],
} as const satisfies Record<Before["kind"], readonly string[]>;

function readBefore(value: unknown, where: string): Before {
  const { kind, fields } = kindOf(value, where, beforeFields);
  switch (kind) {
    case "after":
      return { kind, words: strings(fields.words, `${where}.words`) };
    case "after-class":
      return { kind, name: className(fields.name, `${where}.name`) };
    case "soon-after":
      return { kind, words: strings(fields.words, `${where}.words`), ...within(fields, where) };
    case "at-start":
      return { kind, of: oneOf(fields.of, `${where}.of`, ["sentence", "line"] as const) };
  }
}

const afterFields = {
  before: ["words"],
  "soon-before": ["words", "within"],
} as const satisfies Record<After["kind"], readonly string[]>;

function readAfter(value: unknown, where: string): After {
  const { kind, fields } = kindOf(value, where, afterFields);
  const words = strings(fields.words, `${where}.words`);
  return kind === "before" ? { kind, words } : { kind, words, ...within(fields, where) };
}

function within(fields: Fields, where: string): { within?: number } {
  return fields.within === undefined ? {} : { within: whole(fields.within, `${where}.within`, 1) };
}

function readPositions(value: unknown, where: string): Positions {
  const fields = object(value, where, ["from", "to"]);
  const from = whole(fields.from ?? 0, `${where}.from`, 0);
  return { from, ...(fields.to !== undefined && { to: whole(fields.to, `${where}.to`, from) }) };
}

type Fields = Readonly<Record<string, unknown>>;

function kindOf<K extends string>(
  value: unknown,
  where: string,
  known: Readonly<Record<K, readonly string[]>>,
): { kind: K; fields: Fields } {
  const kinds = Object.keys(known) as K[];
  const { kind: found } = object(value, where);
  const kind = oneOf(found, `${where}.kind`, kinds);
  return { kind, fields: object(value, where, ["kind", ...known[kind]]) };
}

function object(value: unknown, where: string, known?: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong(where, `it is ${describe(value)}, an object is wanted`);
  }
  const strange = known && Object.keys(value).find((name) => !known.includes(name));
  if (strange !== undefined)
    throw wrong(where, `it has the field "${strange}", only ${known?.join(", ")} are known`);
  return value as Fields;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= mostItems) return value;
  throw wrong(where, `it is ${describe(value)}, a list of 1 to ${mostItems} is wanted`);
}

function strings(value: unknown, where: string): string[] {
  return list(value, where).map((item, i) => string(item, `${where}[${i}]`));
}

function string(value: unknown, where: string): string {
  if (typeof value === "string" && value !== "" && value.length <= longestString) return value;
  throw wrong(where, `it is ${describe(value)}, a string of 1 to ${longestString} characters is wanted`);
}

function regex(value: unknown, where: string): string {
  const source = string(value, where);
  safeRegex(source);
  return source;
}

function className(value: unknown, where: string) {
  const name = string(value, where);
  if (isClassName(name)) return name;
  throw wrong(where, `"${name}" is no class of words; choose one of: ${classNames.join(", ")}`);
}

function oneOf<T extends string>(value: unknown, where: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw wrong(where, `it is ${describe(value)}, one of ${choices.join(", ")} is wanted`);
}

function whole(value: unknown, where: string, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw wrong(where, `it is ${describe(value)}, a whole number from ${least} is wanted`);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function wrong(where: string, what: string): SyntaxError {
  return new SyntaxError(
    `Cannot read ${where} of the pattern: ${what}`.replace("the pattern of the pattern", "the pattern"),
  );
}
