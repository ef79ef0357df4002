import type { LatentExamples, Window } from "../examples/example.js";
import type { JudgedKind, Judgement } from "./scorer.js";

/** What the judge is to decide: a text, and the right answer. */
export interface Item extends Omit<Judgement, "answer"> {}

/** An item made of a window of the latent's examples. */
export function item(window: Window, { kind, text }: { kind: JudgedKind; text: string }): Item {
  const { context, start } = window;
  const quantile = "quantile" in window ? (window.quantile as number) : undefined;
  return { kind, context, start, text, quantile, truth: kind === "activating" };
}

/**
 * Plain texts: all test windows, then all windows where the latent is silent. Windows of `negativeLadder` in their
 * place keep their kind.
 */
export function textItems({ test, nonActivating }: LatentExamples): Item[] {
  const plain = (window: Window, kind: JudgedKind) => item(window, { kind, text: window.pieces.join("") });
  return [
    ...test.map((window) => plain(window, "activating")),
    ...nonActivating.map((window) =>
      plain(window, "kind" in window ? (window.kind as JudgedKind) : "non-activating"),
    ),
  ];
}
