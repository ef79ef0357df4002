/** What clauses do on marked examples, and how good a pattern they would make. */
import type { Document } from "./document.js";
import type { MarkedText } from "./marked-text.js";
import type { Clause, Span, Target } from "./pattern.js";
import { contextTest, firstUnit, targetMatcher } from "./run.js";

/** What one clause does on the examples, or several together. */
export interface Evidence {
  /** Per mark of all examples, in order: 1 where a match covers it. */
  readonly covered: Uint8Array;
  /** Per example: how many characters are in matches off the marks. */
  readonly strays: Float32Array;
  /** Per text in which the latent is silent: 1 where it matches. */
  readonly fooled: Uint8Array;
  /** How many clauses. */
  readonly clauses: number;
}

/** One place where a target matches: what stands there decides what it is worth. */
interface Place {
  readonly text: number;
  /** Its first word or sign. */
  readonly unit: number;
  /** Numbers of the marks that it covers. */
  readonly marks: readonly number[];
  /** Its length where it is off the marks; 0 where it covers one or is on a faint place, which counts neither way. */
  readonly stray: number;
}

/**
 * Matches clauses against the examples. Clauses of the same target share the search for it, which is nearly
 * all of the work.
 */
export function gatherer(
  texts: readonly MarkedText[],
  silent: readonly Document[] = [],
): (clause: Clause) => Evidence {
  const places = new Map<string, Place[]>();
  const inSilent = new Map<string, { text: number; unit: number }[]>();
  const count = texts.reduce((sum, { marks }) => sum + marks.length, 0);
  return (clause) => {
    const key = JSON.stringify(clause.target);
    const found = places.get(key) ?? placesOf(clause.target, texts);
    places.set(key, found);
    const allowed = contextTest(clause);
    const covered = new Uint8Array(count);
    const strays = new Float32Array(texts.length);
    for (const { text, unit, marks, stray } of found) {
      if (!allowed((texts[text] as MarkedText).document, unit)) continue;
      for (const mark of marks) covered[mark] = 1;
      strays[text] = (strays[text] ?? 0) + stray;
    }
    const fooling = inSilent.get(key) ?? placesInSilent(clause.target, silent);
    inSilent.set(key, fooling);
    const fooled = new Uint8Array(silent.length);
    for (const { text, unit } of fooling) if (allowed(silent[text], unit)) fooled[text] = 1;
    return { covered, strays, fooled, clauses: 1 };
  };
}

function placesInSilent(target: Target, silent: readonly Document[]) {
  const match = targetMatcher(target);
  return silent.flatMap((document, text) =>
    match(document).map(({ start }) => ({ text, unit: firstUnit(document, start) })),
  );
}

function placesOf(target: Target, texts: readonly MarkedText[]): Place[] {
  const match = targetMatcher(target);
  let first = 0;
  return texts.flatMap(({ document, marks, faint }, text) => {
    const from = first;
    first += marks.length;
    return match(document).map((span): Place => {
      const hits = [...marks.keys()].filter((m) => overlap(span, marks[m] as Span)).map((m) => from + m);
      const counts = hits.length === 0 && !faint.some((place) => overlap(span, place));
      return {
        text,
        unit: firstUnit(document, span.start),
        marks: hits,
        stray: counts ? span.end - span.start : 0,
      };
    });
  });
}

/** What no clause does. */
export function noEvidence({ textOfMark, texts }: Extent, silent = 0): Evidence {
  return {
    covered: new Uint8Array(textOfMark.length),
    strays: new Float32Array(texts),
    fooled: new Uint8Array(silent),
    clauses: 0,
  };
}

/** What two patterns do together; with `into`, written over that, as thousands of pairs are tried. */
export function join(a: Evidence, b: Evidence, into?: Evidence): Evidence {
  const covered = into?.covered ?? new Uint8Array(a.covered.length);
  const strays = into?.strays ?? new Float32Array(a.strays.length);
  const fooled = into?.fooled ?? new Uint8Array(a.fooled.length);
  for (let m = 0; m < covered.length; m++) covered[m] = a.covered[m] | b.covered[m];
  for (let i = 0; i < strays.length; i++) strays[i] = a.strays[i] + b.strays[i];
  for (let i = 0; i < fooled.length; i++) fooled[i] = a.fooled[i] | b.fooled[i];
  return { covered, strays, fooled, clauses: a.clauses + b.clauses };
}

/** What rates are taken of. */
export interface Extent {
  readonly texts: number;
  /** Per mark: the number of its example, and its share of the example's marked strength. */
  readonly textOfMark: Int32Array;
  readonly weight: Float32Array;
  /** Per example: how much it counts; 1 on average. */
  readonly importance: Float32Array;
  /** Per example: number of marks. */
  readonly marks: Int32Array;
  /** Characters of all examples, and of what is neither marked nor faint in them. */
  readonly length: number;
  readonly silent: number;
}

export function extentOf(texts: readonly MarkedText[]): Extent {
  const all = texts.flatMap(({ marks }, text) => marks.map(({ weight }) => ({ text, weight })));
  const length = texts.reduce((sum, { document }) => sum + document.text.length, 0);
  const active = texts.flatMap(({ marks, faint }) => [...marks, ...faint]);
  const activeLength = active.reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    texts: texts.length,
    textOfMark: Int32Array.from(all, ({ text }) => text),
    weight: Float32Array.from(all, ({ weight }) => weight),
    importance: importanceOf(texts),
    marks: Int32Array.from(texts, ({ marks }) => marks.length),
    length,
    silent: Math.max(texts.length, length - activeLength),
  };
}

/** Examples in which the latent fires strongly count more: what it does weakly is often something else. */
function importanceOf(texts: readonly MarkedText[]): Float32Array {
  const mean = texts.reduce((sum, { strongest }) => sum + strongest, 0) / texts.length;
  return Float32Array.from(texts, ({ strongest }) => 1 - strengthBias + (strengthBias * strongest) / mean);
}

const strengthBias = 0.5;

/** A clause that was never seen to match off the marks may still do so: so many examples' worth. */
const doubt = 0.4;
/** Typical length of a match, in characters. */
const matchLength = 4;
/** Detection is the harder of the two; this weight against fuzzing's 0.8 raised both on held-out examples. */
const detectionWeight = 1.2;
/** How much of fuzzing's term is the share of strength that is covered, so that strong places come first. */
const strengthShare = 0.25;

/**
 * The balanced accuracy to expect, as a mean of detection's and fuzzing's. A text without the latent, and a wrong mark, are
 * taken to match as often as what is unmarked in the examples, and where silent texts are given, as often as these too.
 */
export function quality({ covered, strays, fooled, clauses }: Evidence, extent: Extent): number {
  const n = extent.texts;
  const hits = new Uint16Array(n);
  let strength = 0;
  for (let m = 0; m < covered.length; m++) {
    if (covered[m] !== 1) continue;
    const text = extent.textOfMark[m] as number;
    hits[text] = (hits[text] as number) + 1;
    strength += (extent.weight[m] as number) * (extent.importance[text] as number);
  }
  let detected = 0;
  let rightlyMarked = 0;
  let withStrays = doubt * clauses;
  let strayLength = doubt * matchLength * clauses;
  for (let i = 0; i < n; i++) {
    const hit = hits[i] as number;
    const stray = strays[i] as number;
    const importance = extent.importance[i] as number;
    if (hit > 0 || stray > 0) detected += importance;
    if (hit > (extent.marks[i] as number) / 2) rightlyMarked += importance;
    if (stray > 0) withStrays++;
    strayLength += stray;
  }
  let fooledTexts = 0;
  for (let i = 0; i < fooled.length; i++) fooledTexts += fooled[i];
  const spared = 1 - fooledTexts / Math.max(1, fooled.length);
  const falselyDetected = 1 - spared * (1 - Math.min(1, withStrays / n)) ** (extent.length / extent.silent);
  const byChance = Math.min(1, strayLength / extent.silent);
  const falselyMarked = covered.length > 1.5 * n ? 1 - (1 - byChance) ** 2 : byChance;
  const detection = detected / n - falselyDetected;
  const fuzzing = ((1 - strengthShare) * rightlyMarked + strengthShare * strength) / n - falselyMarked;
  return 0.5 + (detectionWeight * detection + (2 - detectionWeight) * fuzzing) / 4;
}

function overlap(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}
