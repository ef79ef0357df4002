/**
 * Where fuzzing's wrong marks stand: as many and as long as the right ones, window by window, and where they can at the same
 * places. A judge could tell them apart without reading the explanation otherwise.
 */
import type { Example, Window } from "../examples/example.js";
import { activeTokens, markTokens } from "../examples/markup.js";
import type { EditedWindow } from "../examples/minimal-edits.js";
import type { NegativeWindow } from "../examples/negative-ladder.js";
import type { Random } from "../random.js";

/** Neighbouring tokens that are marked; tokens without a text are not counted. */
export interface MarkedRun {
  readonly start: number;
  readonly length: number;
}

/** The right marks of each window that shows some: on tokens above `threshold` of its peak. */
export function rightMarks(test: readonly Example[], threshold: number): MarkedRun[][] {
  const marks = test.map((window) => runsOf(shownFlags(window, activeTokens(window, threshold))));
  return marks.filter(({ length }) => length > 0);
}

export interface WrongMarks {
  /** The right marks of another window. */
  readonly like: readonly MarkedRun[];
  /** Of `hardTokens`, where the window has such. */
  readonly hard?: readonly boolean[] | undefined;
  readonly random: Random;
}

/**
 * The window's text with marks on tokens on which the latent does not fire: where those of the other window stand, if these
 * places are free; else, and in a hard window, each run at random where it covers the most hard tokens. `undefined`
 * where they find no room.
 */
export function wronglyMarked(window: Window, { like, hard, random }: WrongMarks): string | undefined {
  const free = shownFlags(window, window.activations).map((fires) => !fires);
  const flags = hard
    ? atOtherPlaces(like, { free, hard: shownFlags(window, hard), random })
    : (atSamePlaces(like, free) ?? atOtherPlaces(like, { free, hard: [], random }));
  return flags && markTokens(window.pieces.filter(hasText), flags);
}

function atSamePlaces(like: readonly MarkedRun[], free: readonly boolean[]): boolean[] | undefined {
  const tokens = like.flatMap(tokensOf);
  if (!tokens.every((i) => free[i])) return undefined;
  const marked = new Set(tokens);
  return free.map((_, i) => marked.has(i));
}

interface Room {
  readonly free: readonly boolean[];
  readonly hard: readonly boolean[];
  readonly random: Random;
}

/** The longest first, none next to another: two runs that touch would be one. */
function atOtherPlaces(like: readonly MarkedRun[], { free, hard, random }: Room): boolean[] | undefined {
  const flags = free.map(() => false);
  for (const { length } of like.toSorted((a, b) => b.length - a.length)) {
    const open = (i: number) => free[i] && !flags[i - 1] && !flags[i] && !flags[i + 1];
    const runs = free.map((_, start) => ({ start, length })).filter((run) => tokensOf(run).every(open));
    if (runs.length === 0) return undefined;
    const covered = runs.map((run) => tokensOf(run).filter((i) => hard[i]).length);
    const most = Math.max(...covered);
    for (const i of tokensOf(random.pick(runs.filter((_, run) => covered[run] === most)))) flags[i] = true;
  }
  return flags;
}

function tokensOf({ start, length }: MarkedRun): number[] {
  return Array.from({ length }, (_, i) => start + i);
}

function runsOf(flags: readonly boolean[]): MarkedRun[] {
  const starts = [...flags.keys()].filter((i) => flags[i] && !flags[i - 1]);
  return starts.map((start) => {
    const end = flags.indexOf(false, start);
    return { start, length: (end < 0 ? flags.length : end) - start };
  });
}

/** One flag per token that has a text. One without (a part of a character) hands its own on, as in `markTokens`. */
function shownFlags({ pieces }: Window, flags: ArrayLike<boolean | number>): boolean[] {
  let carried = false;
  return pieces.flatMap((piece, i) => {
    const flagged = Boolean(flags[i]) || carried;
    carried = flagged && !hasText(piece);
    return hasText(piece) ? [flagged] : [];
  });
}

function hasText(piece: string): boolean {
  return piece !== "";
}

/**
 * How many tokens the paper's code marks in every silent window: the mean number of tokens on which the latent fires in a test
 * window, rounded up; at least 1. Where it fires on one token mostly, that is one too many in each.
 */
export function repeatedMarkCount(test: readonly Example[]): number {
  const firing = test.map(({ activations }) => activations.filter((a) => a > 0).length);
  const mean = firing.reduce((sum, n) => sum + n, 0) / Math.max(1, test.length);
  return Math.max(1, Math.ceil(mean));
}

/** The text of a silent window with marks on `count` tokens: equal generators mark windows of one length at the same positions. */
export function repeatedlyMarked({ pieces }: Window, count: number, random: Random): string {
  const marked = new Set(random.sample(pieces.keys(), count));
  return markTokens(
    pieces,
    pieces.map((_, i) => marked.has(i)),
  );
}

/** A silent window that says why it is hard. */
export type HardWindow = Window &
  Partial<Pick<NegativeWindow, "token" | "other">> &
  Partial<Pick<EditedWindow, "formerActivations">> & {
    readonly kind?: NegativeWindow["kind"] | EditedWindow["kind"];
  };

/**
 * What makes a window hard: of `negativeLadder` the token on which the latent fires elsewhere, or the tokens on which its
 * neighbour fires; of `minimalEdits` those on which the latent fired before the edit; above `threshold` of the peak, as
 * right marks. `undefined` for any other window.
 */
export function hardTokens(window: HardWindow, threshold: number): boolean[] | undefined {
  const { kind, tokens, token, other } = window;
  const activations = window.formerActivations ?? other?.activations;
  if (kind === undefined || (token === undefined && !activations)) return undefined;
  const fired = activations && activeTokens({ ...window, activations }, threshold);
  return Array.from(tokens, (id, i) => id === token || fired?.[i] === true);
}
