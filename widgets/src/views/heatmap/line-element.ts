import type { HeatmapGroup } from "../../../../src/report/heatmap-rows.js";
import { element } from "../../core/element.js";
import { displayText, type GlyphMode } from "../../core/glyphs.js";
import { mergeRuns, type Run } from "../../core/runs.js";
import { formatValue, type ScaleName, scaleStep } from "../../core/scale.js";
import { groupFacts, groupName } from "./lines.js";
import type { PageWindow } from "./page.js";

export interface LineStyle {
  readonly max: number;
  readonly scale: ScaleName;
  readonly glyphs: GlyphMode;
  readonly align: "left" | "peak";
  /** Token under the cursor; -1 for none in this row. */
  readonly cursor: number;
  /** Id of the cursor's element. */
  readonly cursorId: string;
}

/** Name and facts of a group. */
export function groupLabel(group: HeatmapGroup): HTMLElement {
  const name = element("b", {}, groupName(group));
  return element("span", { class: "saelab-group-label", role: "gridcell" }, name, ` ${groupFacts(group)}`);
}

/** The heading of a group as a row of the grid. */
export function groupElement(group: HeatmapGroup): HTMLElement {
  return element("div", { class: "saelab-line saelab-group", role: "row" }, groupLabel(group));
}

/** A window as a row of the grid: its peak, then one cell per run of tokens of equal shade. */
export function windowElement(window: PageWindow, style: LineStyle): HTMLElement {
  const head = element(
    "span",
    { class: "saelab-peak", role: "rowheader", title: `${window.split} example` },
    window.peakToken < 0 ? "–" : formatValue(window.peak),
  );
  const line = element("div", { class: "saelab-line", role: "row" }, head);
  const steps = Array.from(window.activations, (value) => scaleStep(value, style.max, style.scale));
  const runs = mergeRuns(steps, [window.peakToken, style.cursor]);
  const cells = runs.map((run) => runElement(window, run, style));
  if (style.align === "left") {
    line.append(element("div", { class: "saelab-text", role: "presentation", dir: "auto" }, ...cells));
    return line;
  }
  const peak = runs.findIndex((run) => run.start === Math.max(0, window.peakToken));
  // One inner box, pushed to the right edge: what does not fit is cut off at the start of the window.
  const left = element("span", { role: "presentation" }, ...cells.slice(0, peak));
  const before = element("div", { class: "saelab-before", role: "presentation" }, left);
  const after = element("div", { class: "saelab-text", role: "presentation" }, ...cells.slice(peak));
  line.append(before, after);
  return line;
}

function runElement(window: PageWindow, run: Run, style: LineStyle): HTMLElement {
  const pieces = window.pieces.slice(run.start, run.end);
  const text = pieces.map((piece) => displayText(piece, style.glyphs)).join("");
  const classes = ["saelab-run"];
  if (run.step > 0) classes.push(`s${run.step}`);
  if (run.start === window.peakToken) classes.push("saelab-strongest");
  const cell = element("span", { role: "gridcell", "data-start": run.start, "data-end": run.end }, text);
  if (run.start === style.cursor) {
    classes.push("saelab-cursor");
    cell.id = style.cursorId;
    cell.setAttribute("aria-label", cursorLabel(window, run.start, style.max));
  }
  cell.className = classes.join(" ");
  return cell;
}

function cursorLabel(window: PageWindow, token: number, max: number): string {
  const value = window.activations[token] as number;
  const fires = value > 0 ? `activation ${formatValue(value)} of ${formatValue(max)}` : "does not fire";
  return `${window.pieces[token]?.trim() || displayText(window.pieces[token] ?? "", "all")}, ${fires}`;
}
