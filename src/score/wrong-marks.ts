import type { Example, Window } from "../examples/example.js";
import { activeTokens, markTokens } from "../examples/markup.js";
import type { EditedWindow } from "../examples/minimal-edits.js";
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

/** A silent window that says why it is hard. */
type HardWindow = Window &
  Partial<Pick<NegativeWindow, "token" | "other">> &
  Partial<Pick<EditedWindow, "formerActivations">> & { readonly kind?: HardMarks["kind"] };

/** A hard window with marks where it is hard. */
export interface HardMarks {
  readonly window: Window;
  readonly kind: NegativeKind | "minimal-edit";
  readonly text: string;
}

/**
 * A hard window with marks where it is hard: of `negativeLadder` on the token on which the latent fires elsewhere, or on all
 * tokens on which its neighbour fires; of `minimalEdits` on all tokens on which the latent fired before the edit. `undefined`
 * for any other window.
 */
export function hardMarks(window: HardWindow): HardMarks | undefined {
  const { kind } = window;
  const marks = kind && hardTokens(window);
  return marks && { window, kind, text: markTokens(window.pieces, marks) };
}

function hardTokens({ tokens, token, other, formerActivations }: HardWindow): boolean[] | undefined {
  const fired = formerActivations ?? other?.activations;
  if (token === undefined && !fired) return undefined;
  return Array.from(tokens, (id, i) => id === token || (fired?.[i] ?? 0) > 0);
}
