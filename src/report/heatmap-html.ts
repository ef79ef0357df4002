import type { LatentExamples, Window } from "../examples/example.js";
import { escapeHtml } from "../html.js";
import { latentName } from "../latent.js";
import { type HeatmapSplit, heatmapRows } from "./heatmap-rows.js";

/** Sixteen steps of the sequential scale on white; black text keeps 6.1 : 1 or more on every one. */
export const heatmapSteps: readonly string[] = [
  ["#fff3e2", "#ffead2", "#ffe1c1", "#ffd8b1", "#ffcfa0", "#ffc68f", "#febc7d", "#fdb36b"],
  ["#fca95c", "#f99f53", "#f69549", "#f38b3f", "#f08134", "#ed7728", "#ea6c1a", "#e66101"],
].flat();

export interface HeatmapHtmlOptions {
  readonly explanation?: string | undefined;
  /** What kind of latent it is, of `traitLabels`. */
  readonly traits?: readonly string[] | undefined;
  /** Default: `both`. */
  readonly split?: HeatmapSplit | undefined;
  /** Windows of each quantile. Default: 2. */
  readonly limit?: number | undefined;
}

/**
 * The strongest windows of each quantile as HTML that needs nothing: no script, no style sheet, only
 * inline styles, `title` and `<mark>`, which sanitisers of notebook viewers leave in place.
 */
export function heatmapHtml(examples: LatentExamples, options: HeatmapHtmlOptions = {}): string {
  const { explanation, traits = [], split = "both", limit = 2 } = options;
  const { rows, groups } = heatmapRows(examples, { split, limit });
  const parts = [
    `<div style="font-size:13px;line-height:1.7">`,
    `<div style="padding-bottom:4px"><b>${escapeHtml(latentName(examples.latent))}</b>`,
    explanation ? ` “${escapeHtml(explanation)}”` : "",
    ` <span style="color:#767676">${traits.map((trait) => `${escapeHtml(trait)} · `).join("")}density ${percent(examples.density)} · max ${short(examples.maxActivation)}</span></div>`,
  ];
  let at = 0;
  for (const group of groups) {
    parts.push(`<div style="color:#767676;font-size:11px">${groupLabel(group.quantile)}</div>`);
    for (const { window } of rows.slice(at, at + group.count))
      parts.push(windowHtml(window, examples.maxActivation));
    at += group.count;
  }
  return `${parts.join("")}</div>`;
}

/** The same as lines of text: peak, then the window with its firing tokens between «». */
export function heatmapText(examples: LatentExamples, options: HeatmapHtmlOptions = {}): string {
  const { explanation, traits = [], split = "both", limit = 1 } = options;
  const { rows } = heatmapRows(examples, { split, limit });
  const lines = rows.map(({ window }) => {
    const text = window.pieces.map((piece, i) =>
      (window.activations[i] as number) > 0 ? `«${piece}»` : piece,
    );
    const peak = window.activations.reduce((a, b) => Math.max(a, b), 0);
    return `${short(peak).padStart(8)}  ${text.join("").replaceAll("»«", "").replaceAll(/\s+/g, " ")}`;
  });
  const title = `${latentName(examples.latent)}${explanation ? ` "${explanation}"` : ""}`;
  const facts = [
    ...traits,
    `density ${percent(examples.density)}`,
    `max ${short(examples.maxActivation)}`,
  ].join(", ");
  return [`${title} · ${facts}`, ...lines].join("\n");
}

function windowHtml(window: Window, max: number): string {
  let html = "";
  for (let i = 0; i < window.pieces.length; i++) {
    const value = window.activations[i] as number;
    const text = escapeHtml((window.pieces[i] as string).replaceAll("\r", "").replaceAll("\n", "↵"));
    html += value > 0 ? markHtml(text, value, max) : text;
  }
  return `<div dir="auto" style="padding-left:8px">${html}</div>`;
}

function markHtml(text: string, value: number, max: number): string {
  const step = Math.min(16, Math.max(1, Math.ceil((value / max) * 16)));
  const style = `background:${heatmapSteps[step - 1]};color:#000;border-radius:2px`;
  return `<mark style="${style}" title="${short(value)}">${text}</mark>`;
}

function groupLabel(quantile: number | null): string {
  if (quantile === null) return "non-activating";
  return quantile === 0 ? "quantile 0 · strongest" : `quantile ${quantile}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}

function short(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
