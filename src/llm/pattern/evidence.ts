/** What clauses do on marked examples, and how good a pattern they would make. */
import type { MarkedText } from "./marked-text.js";
import type { Clause, Span } from "./pattern.js";
import { clauseMatcher } from "./run.js";

/** What one clause does, or several together. */
export interface Evidence {
  /** Per example and mark: 1 where a match covers it. */
  readonly covered: readonly Uint8Array[];
  /** Per example: whether there is a match off the marks, and how many characters such matches have. */
  readonly strays: readonly number[];
  /** How many clauses. */
  readonly clauses: number;
}

/** Matches a clause against the examples. Matches on faint places count neither way. */
export function gather(clause: Clause, texts: readonly MarkedText[]): Evidence {
  const match = clauseMatcher(clause);
  const strays = texts.map(() => 0);
  const covered = texts.map(({ document, marks, faint }, i) => {
    const flags = new Uint8Array(marks.length);
    for (const span of match(document)) {
      let hit = false;
      for (const [m, mark] of marks.entries()) {
        if (!overlap(span, mark)) continue;
        flags[m] = 1;
        hit = true;
      }
      if (hit || faint.some((place) => overlap(span, place))) continue;
      strays[i] = (strays[i] ?? 0) + span.end - span.start;
    }
    return flags;
  });
  return { covered, strays, clauses: 1 };
}

/** What no clause does. */
export function noEvidence(texts: readonly MarkedText[]): Evidence {
  return {
    covered: texts.map(({ marks }) => new Uint8Array(marks.length)),
    strays: texts.map(() => 0),
    clauses: 0,
  };
}

/** What two patterns do together. */
export function join(a: Evidence, b: Evidence): Evidence {
  return {
    covered: a.covered.map((flags, i) => flags.map((flag, m) => flag | (b.covered[i]?.[m] ?? 0))),
    strays: a.strays.map((length, i) => length + (b.strays[i] ?? 0)),
    clauses: a.clauses + b.clauses,
  };
}

/** What rates are taken of. */
export interface Extent {
  /** Per example and mark: its share of the example's marked strength. */
  readonly weights: readonly (readonly number[])[];
  /** Characters of all examples, and of what is neither marked nor faint in them. */
  readonly length: number;
  readonly silent: number;
  readonly marksPerText: number;
}

export function extentOf(texts: readonly MarkedText[]): Extent {
  let length = 0;
  let active = 0;
  let marks = 0;
  for (const text of texts) {
    length += text.document.text.length;
    active += [...text.marks, ...text.faint].reduce((sum, { start, end }) => sum + end - start, 0);
    marks += text.marks.length;
  }
  const weights = texts.map((text) => text.marks.map(({ weight }) => weight));
  return {
    weights,
    length,
    silent: Math.max(texts.length, length - active),
    marksPerText: marks / texts.length,
  };
}

/** A clause that was never seen to match off the marks may still do so: so many examples' worth. */
const doubt = 0.4;
/** Typical length of a match, in characters. */
const matchLength = 4;
/** Detection is the harder of the two; this weight against fuzzing's 0.8 raised both on held-out examples. */
const detectionWeight = 1.2;
/** How much of fuzzing's term is the share of strength that is covered, so that strong places come first. */
const strengthShare = 0.25;

/**
 * The balanced accuracy to expect, as a mean of detection's and fuzzing's. There are no silent texts among the
 * examples: a text without the latent, and a wrong mark, are taken to match as often as what is unmarked.
 */
export function quality({ covered, strays, clauses }: Evidence, extent: Extent): number {
  const n = covered.length;
  let detected = 0;
  let rightlyMarked = 0;
  let strength = 0;
  let withStrays = doubt * clauses;
  let strayLength = doubt * matchLength * clauses;
  for (const [i, flags] of covered.entries()) {
    const hits = flags.reduce((sum, flag) => sum + flag, 0);
    const stray = strays[i] ?? 0;
    if (hits > 0 || stray > 0) detected++;
    if (hits > flags.length / 2) rightlyMarked++;
    strength += flags.reduce((sum, flag, m) => sum + flag * (extent.weights[i]?.[m] ?? 0), 0);
    if (stray > 0) withStrays++;
    strayLength += stray;
  }
  const falselyDetected = 1 - (1 - Math.min(1, withStrays / n)) ** (extent.length / extent.silent);
  const byChance = Math.min(1, strayLength / extent.silent);
  const falselyMarked = extent.marksPerText > 1.5 ? 1 - (1 - byChance) ** 2 : byChance;
  const detection = detected / n - falselyDetected;
  const fuzzing = ((1 - strengthShare) * rightlyMarked + strengthShare * strength) / n - falselyMarked;
  return 0.5 + (detectionWeight * detection + (2 - detectionWeight) * fuzzing) / 4;
}

function overlap(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}
