/**
 * Learns a pattern from marked examples, after Neuron2Graph (Foote et al. 2023): token and context patterns
 * from the places where a latent fires. Where that method prunes and substitutes with the subject model at
 * hand, this one has the text alone, so it goes the other way: it lists all short clauses that several examples
 * suggest, and adds one after the other while the pattern gets better at what the scorers will ask: telling
 * texts where the latent fires from texts where it does not, and right marks from wrong ones.
 */
import type { ReadExample } from "../example-lines.js";
import { candidates } from "./candidates.js";
import { type Document, segment } from "./document.js";
import { type Evidence, extentOf, gatherer, join, noEvidence, quality } from "./evidence.js";
import { withExceptions } from "./exceptions.js";
import { type MarkedText, readMarkedText } from "./marked-text.js";
import { mergeClauses } from "./merge-clauses.js";
import type { Clause, Pattern } from "./pattern.js";
import { write } from "./write-sentence.js";

export interface LearnOptions {
  /** At most so many words in the sentence. Default: 20. */
  longest?: number | undefined;
  /** What a further string or class must bring, in balanced accuracy. Default: 0.012. */
  worth?: number | undefined;
  /** Texts in which the latent is silent. Default: none. */
  silent?: readonly string[] | undefined;
}

/** The best pattern found; `undefined` where no example has a mark. */
export function learn(examples: readonly ReadExample[], options: LearnOptions = {}): Pattern | undefined {
  const texts = examples.map(readMarkedText).filter(({ marks }) => marks.length > 0);
  if (texts.length === 0) return undefined;
  const { longest = 20, worth = 0.012 } = options;
  const extent = extentOf(texts);
  const silent = (options.silent ?? []).map(segment);
  const pool = clausesToTry(texts, silent);
  const empty = noEvidence(extent, silent.length);
  const joined = (tried: readonly Tried[]) => tried.reduce((sum, { evidence }) => join(sum, evidence), empty);
  const price = (tried: readonly Tried[]) =>
    worth * tried.reduce((sum, { clause }) => sum + priceOf(clause), 0);
  const value = (tried: readonly Tried[]) => quality(joined(tried), extent) - price(tried);
  const together = noEvidence(extent, silent.length);
  let chosen: Tried[] = [];
  for (;;) {
    const [soFar, paid] = [joined(chosen), price(chosen)];
    const least = chosen.length === 0 ? Number.NEGATIVE_INFINITY : value(chosen);
    const steps = pool.flatMap((added) => {
      const reached = quality(join(soFar, added.evidence, together), extent) - paid - price([added]);
      return reached > least ? [{ added, reached }] : [];
    });
    const best = steps.sort((a, b) => b.reached - a.reached).slice(0, 60);
    const isShort = ({ added }: { added: Tried }) => wordCount([...chosen, added]) <= longest;
    const step = chosen.length === 0 ? best[0] : best.find(isShort);
    if (!step) return withExceptions(patternOf(chosen), { texts, silent });
    chosen = withoutNeedless([...chosen, step.added], value);
  }
}

/** A clause, and what it does on the examples. */
interface Tried {
  readonly clause: Clause;
  readonly evidence: Evidence;
}

function clausesToTry(texts: readonly MarkedText[], silent: readonly Document[]): Tried[] {
  const several = texts.length < 10 ? [] : candidates(texts, 2);
  const clauses = several.length > 0 ? several : candidates(texts, 1);
  const gather = gatherer(texts, silent);
  return clauses.map((clause) => ({ clause, evidence: gather(clause) }));
}

function patternOf(tried: readonly Tried[]): Pattern {
  return { clauses: mergeClauses(tried.map(({ clause }) => clause)) };
}

function wordCount(tried: readonly Tried[]): number {
  return write(patternOf(tried)).split(" ").length;
}

const vagueness = 0.5;

/** What a clause must bring, in units of `worth`: conditions and vague targets cost more. */
function priceOf({ target, before, nearby }: Clause): number {
  const affix = target.kind === "prefix" || target.kind === "suffix";
  // Two letters say little to a reader, and fit many words by chance.
  const vague = affix && target.parts.some((part) => part.length < 3);
  return 1 + (before ? 1 / 3 : 0) + (nearby ? 1 / 3 : 0) + (vague ? vagueness : 0);
}

/** Without those that the last one has made needless. */
function withoutNeedless(tried: Tried[], value: (tried: readonly Tried[]) => number): Tried[] {
  const needless = tried.slice(0, -1).find((one) => value(tried.filter((t) => t !== one)) >= value(tried));
  return needless
    ? withoutNeedless(
        tried.filter((t) => t !== needless),
        value,
      )
    : tried;
}
