import type { HeatmapState } from "../../../../src/report/heatmap-state.js";
import { element, ownKeys } from "../../core/element.js";
import { quotedText } from "../../core/glyphs.js";
import { formatShare, formatValue } from "../../core/scale.js";
import { Tooltip, type TooltipContent } from "../../core/tooltip.js";
import { onChange, type ViewModel } from "../../core/view-model.js";
import { VirtualList } from "../../core/virtual-list.js";
import { type Cursor, moveCursor } from "./cursor.js";
import type { Legend } from "./legend.js";
import { groupElement, groupLabel, type LineStyle, windowElement } from "./line-element.js";
import { type Line, linesOf } from "./lines.js";
import { measureLines } from "./measure-lines.js";
import type { HeatmapPage, PageWindow } from "./page.js";
import { tokenAt } from "./token-at.js";

/** Pixels; `style.css` has the same. */
const lineHeight = 24;
let instances = 0;

export interface GridOptions {
  readonly page: HeatmapPage;
  readonly legend: Legend;
  readonly signal: AbortSignal;
}

/**
 * The list of windows. The scroller keeps the focus and names the token under the cursor by
 * `aria-activedescendant`, so that recycling rows can never lose it.
 */
export class Grid {
  readonly element: HTMLElement;
  readonly tooltip = new Tooltip();
  readonly #model: ViewModel<HeatmapState>;
  readonly #page: HeatmapPage;
  readonly #legend: Legend;
  readonly #pinned = element("div", { class: "saelab-pinned", "aria-hidden": true, hidden: true });
  readonly #cursorId = `saelab-cursor-${++instances}`;
  readonly #list: VirtualList;
  #lines: Line[];
  #cursor: Cursor | undefined;
  #tooltipPinned = false;

  constructor(model: ViewModel<HeatmapState>, { page, legend, signal }: GridOptions) {
    this.#model = model;
    this.#page = page;
    this.#legend = legend;
    this.#lines = linesOf(model.get("groups"), model.get("group"));
    const label = `Windows of ${model.get("latent")} shaded by activation`;
    this.element = element("div", {
      class: "saelab-grid",
      role: "grid",
      tabindex: 0,
      "aria-label": label,
      ...ownKeys,
    });
    this.element.append(this.#pinned);
    this.#list = new VirtualList(this.element, {
      rowHeight: lineHeight,
      count: this.#lines.length,
      renderRow: (index) => this.#render(index),
      onScroll: (first) => this.#scrolled(first),
      signal,
    });
    onChange(model, ["scale", "glyphs", "align"], { signal, callback: () => this.refresh() });
    onChange(model, ["group"], { signal, callback: () => this.#regroup() });
    this.#listen(signal);
  }

  /** Lays out and draws anew. Call it once the element is on the page, too. */
  refresh(): void {
    this.#hideTooltip();
    this.element.setAttribute("aria-rowcount", `${this.#lines.length}`);
    this.element.dataset.align = this.#model.get("align");
    this.element.style.height = `${Math.min(this.#lines.length, 17) * lineHeight + 2}px`;
    const { before, width } = measureLines(this.element, this.#lines, {
      page: this.#page,
      align: this.#model.get("align"),
      glyphs: this.#model.get("glyphs"),
    });
    this.element.style.setProperty("--saelab-before", `${before}px`);
    this.#list.setWidth(width);
    this.#list.refresh(this.#lines.length);
    this.element.scrollLeft = Math.max(0, before - this.element.clientWidth * 0.45);
  }

  #regroup(): void {
    this.#lines = linesOf(this.#model.get("groups"), this.#model.get("group"));
    this.#setCursor(undefined);
    this.element.scrollTop = 0;
    this.refresh();
  }

  #render(index: number): HTMLElement {
    const line = this.#lines[index] as Line;
    if (line.kind === "group") return groupElement(line.group);
    return windowElement(this.#page.window(line.row), this.#styleOf(index));
  }

  #styleOf(index: number): LineStyle {
    return {
      max: this.#model.get("max"),
      scale: this.#model.get("scale"),
      glyphs: this.#model.get("glyphs"),
      align: this.#model.get("align"),
      cursor: this.#cursor?.line === index ? this.#cursor.token : -1,
      cursorId: this.#cursorId,
    };
  }

  #scrolled(first: number): void {
    const line = this.#lines[first];
    this.#pinned.hidden = line === undefined || this.element.scrollTop <= 0;
    if (line && this.#pinned.dataset.group !== line.group.key) {
      this.#pinned.dataset.group = line.group.key;
      this.#pinned.replaceChildren(groupLabel(line.group));
    }
    if (!this.#tooltipPinned) this.#hideTooltip();
  }

  #listen(signal: AbortSignal): void {
    const { element: grid } = this;
    grid.addEventListener("pointermove", (event) => this.#hover(event), { signal });
    grid.addEventListener("pointerleave", () => this.#leave(), { signal });
    grid.addEventListener("click", (event) => this.#click(event), { signal });
    grid.addEventListener("keydown", (event) => this.#key(event), { signal });
    grid.addEventListener("blur", () => this.#hideTooltip(), { signal });
    const focus = () => {
      if (grid.matches(":focus-visible")) this.#showCursor();
    };
    grid.addEventListener("focus", focus, { signal });
  }

  #found(event: MouseEvent) {
    const run = (event.target as Element).closest<HTMLElement>(".saelab-run");
    const at = Number(run?.closest(".saelab-line")?.getAttribute("aria-rowindex")) - 1;
    const line = this.#lines[at];
    if (!run || line?.kind !== "window") return undefined;
    const window = this.#page.window(line.row);
    const glyphs = this.#model.get("glyphs");
    const found = tokenAt(run, { x: event.clientX, y: event.clientY }, { window, glyphs });
    return found && { line: at, window, ...found };
  }

  #hover(event: MouseEvent): void {
    if (this.#tooltipPinned) return;
    const found = this.#found(event);
    if (found) this.#showTooltip(found.window, found.token, found.box);
    else this.#leave();
  }

  #leave(): void {
    if (!this.#tooltipPinned) this.#hideTooltip();
  }

  #click(event: MouseEvent): void {
    const found = this.#found(event);
    this.#hideTooltip();
    if (!found) return;
    this.#setCursor(found);
    this.#showTooltip(found.window, found.token, found.box);
    this.#tooltipPinned = true;
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") this.#escape();
    else if (event.key === "Enter") this.#pin();
    else {
      const from = this.#cursor ?? this.#firstCursor();
      const pageSize = Math.floor(this.element.clientHeight / lineHeight) - 1;
      const move = { key: event.key, wide: event.ctrlKey || event.metaKey, pageSize };
      const to = from && moveCursor(from, move, { lines: this.#lines, page: this.#page });
      if (!to) return;
      this.#setCursor(to);
      this.#showCursor();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** First takes a pinned tooltip away, then gives the focus back to the notebook's cell. */
  #escape(): void {
    if (this.#tooltipPinned) {
      this.#hideTooltip();
      return;
    }
    this.element.blur();
    this.element.closest<HTMLElement>(".jp-Cell")?.focus();
  }

  #pin(): void {
    this.#showCursor();
    this.#tooltipPinned = true;
  }

  #firstCursor(): Cursor | undefined {
    const { scrollTop } = this.element;
    const top = Math.ceil(scrollTop / lineHeight);
    const line = this.#lines.findIndex(({ kind }, i) => i >= top && kind === "window");
    const found = this.#lines[line];
    if (found?.kind !== "window") return undefined;
    return { line, token: Math.max(0, this.#page.window(found.row).peakToken) };
  }

  #setCursor(cursor: Cursor | undefined): void {
    const old = this.#cursor;
    this.#cursor = cursor && { line: cursor.line, token: cursor.token };
    this.#list.keep(cursor?.line ?? -1);
    if (old) this.#list.refreshRow(old.line);
    if (cursor) {
      this.#list.refreshRow(cursor.line);
      this.element.setAttribute("aria-activedescendant", this.#cursorId);
    } else this.element.removeAttribute("aria-activedescendant");
  }

  #showCursor(): void {
    if (!this.#cursor) this.#setCursor(this.#firstCursor());
    const cursor = this.#cursor;
    const line = cursor && this.#lines[cursor.line];
    if (!cursor || line?.kind !== "window") return;
    this.#tooltipPinned = false;
    this.#list.reveal(cursor.line);
    const cell = this.#list.row(cursor.line)?.querySelector<HTMLElement>(".saelab-cursor");
    if (!cell) return;
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.#showTooltip(this.#page.window(line.row), cursor.token, cell.getBoundingClientRect());
  }

  #showTooltip(window: PageWindow, token: number, box: DOMRect): void {
    const value = window.activations[token] as number;
    this.tooltip.show(tokenFacts(window, token, this.#model.get("max")), box);
    this.#legend.mark(value);
  }

  #hideTooltip(): void {
    this.#tooltipPinned = false;
    this.tooltip.hide();
    this.#legend.mark(undefined);
  }
}

function tokenFacts(window: PageWindow, token: number, max: number): TooltipContent {
  const value = window.activations[token] as number;
  const rank = window.quantile === null ? "non-activating" : `quantile ${window.quantile}`;
  return {
    title: quotedText(window.pieces[token] as string),
    rows: [
      ["activation", value > 0 ? `${formatValue(value)} · ${formatShare(value / max)} of max` : "0"],
      ["token", `${window.tokens[token]}`],
      ["position", `${window.start + token} of context ${window.context}`],
      ["example", `${rank} · ${window.split}`],
    ],
  };
}
