import type { Example, Window } from "../examples/example.js";
import { activeTokens, markTokens } from "../examples/markup.js";
import type { NegativeKind, NegativeWindow } from "../examples/negative-ladder.js";
import type { Random } from "../random.js";

/**
 * How many tokens are marked wrongly in a non-activating window: the mean number of tokens on which the
 * latent fires in a test window, rounded up, as in the paper's code; at least 1.
 */
export function wrongMarkCount(test: readonly Example[]): number {
  const firing = test.map(({ activations }) => activations.filter((a) => a > 0).length);
  const mean = firing.reduce((sum, n) => sum + n, 0) / Math.max(1, test.length);
  return Math.max(1, Math.ceil(mean));
}

/** How many are marked wrongly in an activating window: the mean number of right marks, rounded up. */
export function meanRightMarks(test: readonly Example[], threshold: number): number {
  const marks = test.map((example) => activeTokens(example, threshold).filter(Boolean).length);
  const mean = marks.reduce((sum, n) => sum + n, 0) / Math.max(1, test.length);
  return Math.max(1, Math.ceil(mean));
}

/**
 * The window's text with marks on `count` random tokens on which the latent does not fire, or on all of those
 * where there are fewer; `undefined` where it fires on every token. Equal generators mark silent windows of one
 * length at the same positions.
 */
export function wronglyMarked(window: Window, count: number, random: Random): string | undefined {
  const silent = [...window.activations.keys()].filter((i) => !((window.activations[i] ?? 0) > 0));
  if (silent.length === 0) return undefined;
  const marked = new Set(random.sample(silent, count));
  return markTokens(
    window.pieces,
    window.pieces.map((_, i) => marked.has(i)),
  );
}

/**
 * A hard window of `negativeLadder` with marks where it is hard: on the token on which the latent fires elsewhere, or on all
 * tokens on which its neighbour fires. `undefined` for any other window.
 */
export function hardMarks(
  window: Window | NegativeWindow,
): { window: Window; kind: NegativeKind; text: string } | undefined {
  if (!("kind" in window)) return undefined;
  const { pieces, tokens, token, other, kind } = window;
  if (token === undefined && other === undefined) return undefined;
  const marks = Array.from(tokens, (id, i) => id === token || (other?.activations[i] ?? 0) > 0);
  return { window, kind, text: markTokens(pieces, marks) };
}
