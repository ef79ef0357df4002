/**
 * Learns a pattern from marked examples, after Neuron2Graph (Foote et al. 2023): token and context patterns
 * from the places where a latent fires. Where that method prunes and substitutes with the subject model at
 * hand, this one has the text alone, so it goes the other way: it lists all short clauses that several examples
 * suggest, and adds one after the other while the pattern gets better at what the scorers will ask: telling
 * texts where the latent fires from texts where it does not, and right marks from wrong ones.
 *
 * There are no silent texts among the examples. How often a clause matches by chance is estimated from the
 * unmarked places of the examples.
 */

import type { ReadExample } from "../example-lines.js";
import { candidates } from "./candidates.js";
import { type MarkedText, readMarkedText } from "./marked-text.js";
import { mergeClauses } from "./merge-clauses.js";
import type { Clause, Pattern, Span } from "./pattern.js";
import { clauseMatcher } from "./run.js";

export interface LearnOptions {
  /** At most so many strings and classes in a pattern. */
  atoms?: number | undefined;
  /** What one more of them must bring, as balanced accuracy. */
  worth?: number | undefined;
}

/** The best pattern found; `undefined` where no example has a mark. */
export function learn(examples: readonly ReadExample[], options: LearnOptions = {}): Pattern | undefined {
  const { atoms = 8, worth = 0.012 } = options;
  const texts = examples.map(readMarkedText).filter(({ marks }) => marks.length > 0);
  if (texts.length === 0) return undefined;
  const atLeast = texts.length < 10 ? 1 : 2;
  const found = candidates(texts, atLeast);
  const pool = found.length > 0 ? found : candidates(texts, 1);
  const evidence = pool.map(({ clause }) => gather(clause, texts));
  const chosen: Evidence[] = [];
  let best = { value: 0, evidence: nothing(texts) };
  while (chosen.length < atoms) {
    let step: { value: number; evidence: Evidence; added: Evidence } | undefined;
    for (const added of evidence) {
      const joined = join(best.evidence, added);
      const value = quality(joined, texts.length) - cost(added.clause);
      if (!step || value > step.value) step = { value, evidence: joined, added };
    }
    const current = chosen.length === 0 ? Number.NEGATIVE_INFINITY : quality(best.evidence, texts.length);
    if (!step || step.value < current + (chosen.length === 0 ? 0 : worth)) break;
    chosen.push(step.added);
    best = { value: step.value, evidence: step.evidence };
  }
  return { clauses: mergeClauses(chosen.map(({ clause }) => clause)) };
}

/** What a clause, or several, do on the examples. */
interface Evidence {
  readonly clause: Clause;
  /** Per example and mark: 1 where a match covers it. */
  readonly covered: readonly Uint8Array[];
  /** Share of each example's marks that is covered. */
  readonly marks: Float32Array;
  /** Per example: number of matches off the marks. */
  readonly strays: Float32Array;
}

function gather(clause: Clause, texts: readonly MarkedText[]): Evidence {
  const match = clauseMatcher(clause);
  const strays = new Float32Array(texts.length);
  const covered = texts.map(({ document, marks, faint }, i) => {
    const flags = new Uint8Array(marks.length);
    for (const span of match(document)) {
      let hit = false;
      for (const [m, mark] of marks.entries()) {
        if (!overlaps(span, mark)) continue;
        flags[m] = 1;
        hit = true;
      }
      if (!hit && !faint.some((place) => overlaps(span, place))) strays[i] = (strays[i] ?? 0) + 1;
    }
    return flags;
  });
  return { clause, covered, strays, marks: shares(covered, texts) };
}

function shares(covered: readonly Uint8Array[], texts: readonly MarkedText[]): Float32Array {
  return Float32Array.from(covered, (flags, i) =>
    (texts[i]?.marks ?? []).reduce((sum, { weight }, m) => sum + (flags[m] ? weight : 0), 0),
  );
}

function overlaps(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}

function nothing(texts: readonly MarkedText[]): Evidence {
  return {
    clause: { target: { kind: "word", words: [] } },
    covered: texts.map(({ marks }) => new Uint8Array(marks.length)),
    marks: new Float32Array(texts.length),
    strays: new Float32Array(texts.length),
  };
}

function join(a: Evidence, b: Evidence): Evidence {
  const marks = new Float32Array(a.marks.length);
  const covered = a.covered.map((flags, i) => {
    const other = b.covered[i] as Uint8Array;
    return flags.map((flag, m) => flag | (other[m] ?? 0));
  });
  for (let i = 0; i < marks.length; i++) marks[i] = Math.max(a.marks[i] ?? 0, b.marks[i] ?? 0);
  return { clause: b.clause, covered, marks, strays: a.strays.map((n, i) => n + (b.strays[i] ?? 0)) };
}

/**
 * The balanced accuracy to expect: mean of detection's and fuzzing's. A text without the latent is taken to
 * match by chance at the rate of the strays.
 */
function quality({ covered, strays }: Evidence, n: number): number {
  let detected = 0;
  let fuzzed = 0;
  let stray = 0;
  for (const [i, flags] of covered.entries()) {
    const hits = flags.reduce((sum, flag) => sum + flag, 0);
    if (hits > 0 || (strays[i] ?? 0) > 0) detected++;
    if (hits >= flags.length / 2 && hits > 0) fuzzed++;
    stray += strays[i] ?? 0;
  }
  const perText = (stray + 0.5) / n;
  const falselyDetected = 1 - Math.exp(-perText);
  const falselyMarked = Math.min(1, perText / 20);
  return ((detected + fuzzed) / n - falselyDetected - falselyMarked) / 4 + 0.5;
}

/** Longer clauses must bring more. */
function cost({ before, nearby }: Clause): number {
  return (before ? 0.004 : 0) + (nearby ? 0.004 : 0);
}
