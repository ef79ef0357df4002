import type { Before, Clause, Target } from "./pattern.js";

/**
 * The same pattern with fewer words: clauses that differ in one list only become one clause, e.g. the words
 * “cat” and “dog” after “the”. Order is kept.
 */
export function mergeClauses(clauses: readonly Clause[]): Clause[] {
  const merged: Clause[] = [];
  for (const clause of clauses) {
    const at = merged.findIndex((other) => join(other, clause) !== undefined);
    if (at < 0) merged.push(clause);
    else merged[at] = join(merged[at] as Clause, clause) as Clause;
  }
  return merged;
}

function join(a: Clause, b: Clause): Clause | undefined {
  const sameNearby = JSON.stringify(a.nearby) === JSON.stringify(b.nearby);
  const sameRest = JSON.stringify([a.target, a.before]) === JSON.stringify([b.target, b.before]);
  if (sameRest && a.nearby && b.nearby) return { ...a, nearby: union(a.nearby, b.nearby) };
  if (!sameNearby) return undefined;
  const rest = a.nearby ? { nearby: a.nearby } : {};
  if (JSON.stringify(a.before) === JSON.stringify(b.before)) {
    const target = joinTargets(a.target, b.target);
    return target && { target, ...(a.before ? { before: a.before } : {}), ...rest };
  }
  if (JSON.stringify(a.target) !== JSON.stringify(b.target) || !a.before || !b.before) return undefined;
  const before = joinBefores(a.before, b.before);
  return before && { target: a.target, before, ...rest };
}

function joinTargets(a: Target, b: Target): Target | undefined {
  if (a.kind === "word" && b.kind === "word") return { kind: "word", words: union(a.words, b.words) };
  if (a.kind === "prefix" && b.kind === "prefix") return { kind: "prefix", parts: union(a.parts, b.parts) };
  if (a.kind === "suffix" && b.kind === "suffix") return { kind: "suffix", parts: union(a.parts, b.parts) };
  if (a.kind === "part" && b.kind === "part" && a.place === b.place) {
    return { kind: "part", parts: union(a.parts, b.parts), place: a.place };
  }
  if (a.kind === "in-word" && b.kind === "in-word" && a.part === b.part) {
    return { kind: "in-word", part: a.part, words: union(a.words, b.words) };
  }
  if (a.kind === "in-prefix" && b.kind === "in-prefix" && a.part === b.part) {
    return { kind: "in-prefix", part: a.part, starts: union(a.starts, b.starts) };
  }
  return undefined;
}

function joinBefores(a: Before, b: Before): Before | undefined {
  if (a.kind === "after" && b.kind === "after") return { kind: "after", words: union(a.words, b.words) };
  if (a.kind === "soon-after" && b.kind === "soon-after") {
    return { kind: "soon-after", words: union(a.words, b.words) };
  }
  return undefined;
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])];
}
