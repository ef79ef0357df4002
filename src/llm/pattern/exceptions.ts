import { candidates } from "./candidates.js";
import type { Document } from "./document.js";
import { gatherer } from "./evidence.js";
import type { MarkedText } from "./marked-text.js";
import { mergeClauses } from "./merge-clauses.js";
import type { Clause, Pattern } from "./pattern.js";
import { matcher } from "./run.js";

/** No more exceptions than this. */
const most = 3;
/** What each must bring: share of the silent texts that it spares, less the share of the marks that it loses. */
const worth = 0.05;

/**
 * The same pattern without the places that it has in texts where the latent is silent, as far as short clauses tell them from
 * the marked ones: “not”, but not “not” after “do”.
 */
export function withExceptions(
  pattern: Pattern,
  { texts, silent }: { texts: readonly MarkedText[]; silent: readonly Document[] },
): Pattern {
  const mistaken = mistakes(pattern, silent);
  if (mistaken.length < 2) return pattern;
  const [wrongly, rightly] = [gatherer(mistaken), gatherer(texts)];
  const pool = candidates(mistaken, 2).map((clause): Exception => {
    return { clauses: [clause], spared: wrongly(clause).covered, lost: rightly(clause).covered };
  });
  const value = ({ spared, lost }: Exception) =>
    (share(spared) * mistaken.length) / silent.length - share(lost);
  let chosen: Exception | undefined;
  for (let n = 0; n < most; n++) {
    const steps = pool.map((added) => (chosen ? join(chosen, added) : added));
    const best = steps.reduce((a, b) => (value(a) >= value(b) ? a : b), steps[0]);
    if (!best || value(best) < (chosen ? value(chosen) : 0) + worth) break;
    chosen = best;
  }
  if (!chosen) return pattern;
  const except = mergeClauses(chosen.clauses);
  return { clauses: pattern.clauses.map((clause) => ({ ...clause, except })) };
}

/** What is left out, and what that does. */
interface Exception {
  readonly clauses: readonly Clause[];
  /** Per place in silent texts: 1 where it is left out. */
  readonly spared: Uint8Array;
  /** Per mark: 1 where it is left out. */
  readonly lost: Uint8Array;
}

function join(a: Exception, b: Exception): Exception {
  const either = (x: Uint8Array, y: Uint8Array) => x.map((flag, i) => flag | y[i]);
  return {
    clauses: [...a.clauses, ...b.clauses],
    spared: either(a.spared, b.spared),
    lost: either(a.lost, b.lost),
  };
}

/** The silent texts in which a pattern has places, with these as marks. */
function mistakes(pattern: Pattern, silent: readonly Document[]): MarkedText[] {
  const match = matcher(pattern);
  const texts = silent.map((document) => {
    const marks = match(document).map((span) => ({ ...span, weight: 1 }));
    return { document, marks, faint: [], strongest: 10 };
  });
  return texts.filter(({ marks }) => marks.length > 0);
}

function share(flags: Uint8Array): number {
  return flags.reduce((sum, flag) => sum + flag, 0) / Math.max(1, flags.length);
}
