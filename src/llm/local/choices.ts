import { setImmediate } from "node:timers/promises";
import { row, tensor } from "../../tensor.js";
import type { Choices } from "../token-scorer.js";
import type { CausalSession, Past } from "./causal-session.js";

const positionsPerRun = 256;

export interface CandidateRun {
  /** Tokens behind the past. */
  ids: Int32Array;
  past: Past;
  candidates: Int32Array;
  signal: AbortSignal | undefined;
}

/**
 * Log-probabilities of the candidates after every position, in runs that fit into memory where the graph has a cache to
 * go on from.
 */
export async function candidateRows(
  session: CausalSession,
  { ids, past, candidates, signal }: CandidateRun,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  const step = session.bytesPerPosition === 0 ? ids.length : positionsPerRun;
  let read = past;
  for (let start = 0; start < ids.length; start += step) {
    signal?.throwIfAborted();
    const part = ids.slice(start, start + step);
    const goesOn = start + step < ids.length;
    const found = await session.ofCandidates(part, read, { candidates, goesOn });
    for (let i = 0; i < part.length; i++) rows.push(row(found.logProbabilities, i));
    read = found.past;
    await setImmediate();
  }
  return rows;
}

/** Log-probabilities of candidates, one row per segment, as probabilities among them. */
export function choicesOf(rows: readonly Float32Array[], candidates: number): Choices {
  const probabilities = new Float32Array(rows.length * candidates);
  const mass = rows.map((logProbabilities, i) => {
    const most = logProbabilities.reduce((a, b) => Math.max(a, b));
    const shares = Array.from(logProbabilities, (x) => Math.exp(x - most));
    const sum = shares.reduce((a, b) => a + b, 0);
    probabilities.set(
      shares.map((share) => share / sum),
      i * candidates,
    );
    return Math.exp(most) * sum;
  });
  return { probabilities: tensor(probabilities, [rows.length, candidates]), mass: Float32Array.from(mass) };
}
