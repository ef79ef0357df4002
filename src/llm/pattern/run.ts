import { type Document, segment, type Unit } from "./document.js";
import {
  type After,
  type Before,
  type Clause,
  type Pattern,
  type Place,
  type Positions,
  type Span,
  soon,
  type Target,
} from "./pattern.js";
import { safeRegex } from "./safe-regex.js";
import { belongs } from "./word-classes.js";

/** A clause made ready: gives its places in a document, in order. */
export type Matcher = (document: Document) => Span[];

/** The places of a text that a pattern matches, in order, without repetition. */
export function run(pattern: Pattern, text: string): Span[] {
  return matcher(pattern)(segment(text));
}

/** A pattern made ready for many texts. */
export function matcher({ clauses }: Pattern): Matcher {
  const matchers = clauses.map(clauseMatcher);
  return (document) => {
    const spans = matchers.flatMap((match) => match(document));
    spans.sort((a, b) => a.start - b.start || a.end - b.end);
    return spans.filter((s, i) => i === 0 || s.start !== spans[i - 1]?.start || s.end !== spans[i - 1]?.end);
  };
}

function clauseMatcher(clause: Clause): Matcher {
  const places = targetMatcher(clause.target);
  const tests = spanTests(clause);
  const also = clause.also && matcher({ clauses: clause.also });
  const except = clause.except && matcher({ clauses: clause.except });
  return (document) => {
    const found = places(document).filter((span) => tests.every((test) => test(document, span)));
    const wanted = also ? found.filter(touches(also(document))) : found;
    return except ? wanted.filter(not(touches(except(document)))) : wanted;
  };
}

type SpanTest = (document: Document, span: Span) => boolean;

/** What a clause asks of a place, other clauses apart. */
function spanTests({ after, at, ...clause }: Clause): SpanTest[] {
  const allowed = contextTest(clause);
  const tests: SpanTest[] = [(document, { start }) => allowed(document, firstUnit(document, start))];
  if (after) tests.push(afterTest(after));
  if (at) tests.push(positionTest(at));
  return tests;
}

function touches(places: readonly Span[]): (span: Span) => boolean {
  return (span) => places.some(({ start, end }) => start < span.end && span.start < end);
}

function not<T>(test: (value: T) => boolean): (value: T) => boolean {
  return (value) => !test(value);
}

/** Whether a clause allows its target at a word or sign, by what stands before it and elsewhere in the text. */
export function contextTest({ before, nearby }: Clause): (document: Document, unit: number) => boolean {
  const precedes = before ? beforeTest(before) : undefined;
  const near = nearby?.map((word) => word.split(" ").map(sameString));
  return (document, unit) =>
    (!precedes || precedes(document, unit)) &&
    (!near || document.units.some((_, i) => near.some((sequence) => standsAt(document.units, i, sequence))));
}

/** Index of the unit that holds an offset, or of the next one. */
export function firstUnit({ unitAt }: Document, offset: number): number {
  for (let i = offset; i < unitAt.length; i++) {
    const unit = unitAt[i] ?? -1;
    if (unit >= 0) return unit;
  }
  return 0;
}

type UnitTest = (unit: Unit) => boolean;

/** A string without capitals matches capitals too. */
function sameString(word: string): UnitTest {
  return hasCapitals(word) ? ({ text }) => text === word : ({ lower }) => lower === word;
}

export function hasCapitals(text: string): boolean {
  return text !== text.toLowerCase();
}

/** All places of a target, whatever stands around them. */
export function targetMatcher(target: Target): Matcher {
  switch (target.kind) {
    case "word":
      return wordMatcher(target.words);
    case "prefix":
      return unitMatcher(anyOf(target.parts.map((part) => (u) => ownCase(u, part).startsWith(part))), isWord);
    case "suffix":
      return unitMatcher(anyOf(target.parts.map((part) => (u) => ownCase(u, part).endsWith(part))), isWord);
    case "class":
      return unitMatcher((unit) => belongs(unit, target.name));
    case "token":
      return tokenMatcher(target.tokens);
    case "regex":
      return regexMatcher(target.source);
    case "part":
      return (document) => target.parts.flatMap((part) => occurrences(document, part, target.place));
    case "in-word": {
      const tests = anyOf(target.words.map(sameString));
      return (document) => document.units.filter(tests).flatMap((unit) => within(unit, target.part));
    }
    case "in-prefix": {
      const { part, starts } = target;
      return ({ units }) =>
        units.flatMap((unit) => {
          const start = starts.find((text) => ownCase(unit, text).startsWith(text));
          if (start === undefined) return [];
          const end = unit.start + start.length;
          return [{ start: Math.max(unit.start, end - part.length), end }];
        });
    }
  }
}

function anyOf(tests: readonly UnitTest[]): UnitTest {
  return (unit) => tests.some((test) => test(unit));
}

function isWord(unit: Unit): boolean {
  return unit.kind === "word" || unit.kind === "number";
}

/** The unit's letters, small unless `part` cares for capitals. */
function ownCase(unit: Unit, part: string): string {
  return hasCapitals(part) ? unit.text : unit.lower;
}

function unitMatcher(test: UnitTest, and: UnitTest = () => true): Matcher {
  return ({ units }) =>
    units.filter((unit) => and(unit) && test(unit)).map(({ start, end }) => ({ start, end }));
}

/** Words, and sequences of words joined by a space. */
function wordMatcher(words: readonly string[]): Matcher {
  const small = new Set(words.filter((word) => !hasCapitals(word)));
  const exact = new Set(words.filter(hasCapitals));
  return unitMatcher(({ text, lower }) => small.has(lower) || exact.has(text));
}

function tokenMatcher(wanted: readonly string[]): Matcher {
  const known = new Set(wanted);
  return ({ text, tokens }) => {
    if (!tokens) return wanted.flatMap((part) => placesIn(text, part));
    return tokens.pieces.flatMap((piece, i) => {
      const start = tokens.starts[i];
      return known.has(piece) ? [{ start, end: start + piece.length }] : [];
    });
  };
}

function regexMatcher(source: string): Matcher {
  const regex = safeRegex(source);
  return ({ text }) => {
    const found = regex.matcher(text);
    const spans: Span[] = [];
    while (found.find())
      if (found.end() > found.start()) spans.push({ start: found.start(), end: found.end() });
    return spans;
  };
}

/** All places of a string in a text, overlapping ones too. */
function placesIn(text: string, part: string): Span[] {
  const spans: Span[] = [];
  for (let start = text.indexOf(part); start >= 0 && part !== ""; start = text.indexOf(part, start + 1)) {
    spans.push({ start, end: start + part.length });
  }
  return spans;
}

/** All places of `part` in one unit. */
function within(unit: Unit, part: string): Span[] {
  const places = placesIn(ownCase(unit, part), part);
  return places.map(({ start, end }) => ({ start: unit.start + start, end: unit.start + end }));
}

function occurrences({ text, lower, units, unitAt }: Document, part: string, place: Place): Span[] {
  const spans = placesIn(hasCapitals(part) ? text : lower, part);
  if (place === "anywhere") return spans;
  return spans.filter((span) => {
    const unit = units[unitAt[span.start] ?? -1];
    return unit !== undefined && standsIn(unit, span, place);
  });
}

function standsIn(unit: Unit, { start, end }: Span, place: Place): boolean {
  if (place === "start") return start === unit.start && end <= unit.end;
  if (place === "end") return end === unit.end;
  return start > unit.start && end < unit.end;
}

/** Whether what stands before unit number `index` is as wanted. */
function beforeTest(before: Before): (document: Document, index: number) => boolean {
  switch (before.kind) {
    case "after": {
      const sequences = before.words.map((words) => words.split(" ").map(sameString));
      return ({ units }, index) => sequences.some((s) => standsAt(units, index - s.length, s));
    }
    case "after-class":
      return ({ units }, index) => {
        const previous = units[index - 1];
        return previous !== undefined && belongs(previous, before.name);
      };
    case "soon-after": {
      const { words, within = soon } = before;
      const test = anyOf(words.map(sameString));
      return ({ units }, index) => units.slice(Math.max(0, index - within), index).some(test);
    }
    case "at-start":
      return startTest(before.of);
  }
}

/** Whether what stands behind a place is as wanted. */
function afterTest(after: After): SpanTest {
  const next = ({ unitAt }: Document, { end }: Span) => {
    let at = end - 1;
    while (at >= 0 && unitAt[at] < 0) at--;
    return at < 0 ? 0 : unitAt[at] + 1;
  };
  if (after.kind === "before") {
    const sequences = after.words.map((words) => words.split(" ").map(sameString));
    return (document, span) => sequences.some((s) => standsAt(document.units, next(document, span), s));
  }
  const { words, within = soon } = after;
  const test = anyOf(words.map(sameString));
  return (document, span) => {
    const from = next(document, span);
    return document.units.slice(from, from + within).some(test);
  };
}

function positionTest({ from, to = Number.POSITIVE_INFINITY }: Positions): SpanTest {
  return (document, { start }) => {
    const { tokens } = document;
    const position = tokens
      ? tokens.first + tokens.starts.findLastIndex((offset) => offset <= start)
      : firstUnit(document, start);
    return from <= position && position <= to;
  };
}

function startTest(of: "sentence" | "line"): (document: Document, index: number) => boolean {
  if (of === "line") return ({ units }, index) => units[index - 1]?.kind === "break";
  return ({ units }, index) => startsSentence(units, index);
}

/** After a full stop, a line break or the like, or after a quotation mark behind one of these. */
export function startsSentence(units: readonly Unit[], index: number): boolean {
  let at = index - 1;
  while (at >= 0 && belongs(units[at] as Unit, "a quotation mark")) at--;
  const previous = units[at];
  return previous !== undefined && (previous.kind === "break" || belongs(previous, "a sentence end"));
}

function standsAt(units: readonly Unit[], index: number, tests: readonly UnitTest[]): boolean {
  if (index < 0) return false;
  return tests.every((test, i) => {
    const unit = units[index + i];
    return unit !== undefined && test(unit);
  });
}
