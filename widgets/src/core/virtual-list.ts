import { element } from "./element.js";

export interface VirtualListOptions {
  /** Pixels. All rows have the same height. */
  readonly rowHeight: number;
  readonly count: number;
  renderRow(index: number): HTMLElement;
  /** Called after rows came or went; `first` is the row at the top edge. */
  onScroll?(first: number): void;
}

const overscan = 6;

/**
 * A scroller that holds elements only for the rows on the screen and a few around them. The row of
 * {@link keep} stays even when it is scrolled away, so that the cursor's element never vanishes.
 */
export class VirtualList {
  readonly viewport: HTMLElement;
  readonly #canvas = element("div", { class: "saelab-canvas", role: "presentation" });
  readonly #rows = new Map<number, HTMLElement>();
  readonly #options: VirtualListOptions;
  #count: number;
  #kept = -1;

  constructor(viewport: HTMLElement, options: VirtualListOptions & { signal: AbortSignal }) {
    this.viewport = viewport;
    this.#options = options;
    this.#count = options.count;
    viewport.append(this.#canvas);
    const { signal } = options;
    viewport.addEventListener("scroll", () => this.#update(), { passive: true, signal });
    const observer = new ResizeObserver(() => this.#update());
    observer.observe(viewport);
    signal.addEventListener("abort", () => observer.disconnect());
    this.#resize();
  }

  /** Draws all rows on the screen anew, after their data or number changed. */
  refresh(count = this.#count): void {
    this.#count = count;
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.#resize();
    this.#update();
  }

  refreshRow(index: number): void {
    const old = this.#rows.get(index);
    if (!old) return;
    const row = this.#make(index);
    old.replaceWith(row);
    this.#rows.set(index, row);
  }

  /** The element of a row, if there is one now. */
  row(index: number): HTMLElement | undefined {
    return this.#rows.get(index);
  }

  /** Holds on to a row, wherever the list is scrolled. -1 for none. */
  keep(index: number): void {
    this.#kept = index;
    this.#update();
  }

  /** Least width of the rows, so that scrolling sideways does not change as rows come and go. */
  setWidth(pixels: number): void {
    this.#canvas.style.minWidth = `${Math.ceil(pixels)}px`;
  }

  /** Scrolls up or down until the row is between the edges, `margin` rows away from the top one. */
  reveal(index: number, margin = 1): void {
    const { rowHeight } = this.#options;
    const { scrollTop, clientHeight } = this.viewport;
    const top = Math.max(0, (index - margin) * rowHeight);
    if (top < scrollTop) this.viewport.scrollTop = top;
    else if ((index + 1) * rowHeight > scrollTop + clientHeight)
      this.viewport.scrollTop = (index + 1) * rowHeight - clientHeight;
    this.#update();
  }

  #resize(): void {
    this.#canvas.style.height = `${this.#count * this.#options.rowHeight}px`;
  }

  #update(): void {
    const { rowHeight } = this.#options;
    const { scrollTop, clientHeight } = this.viewport;
    const top = Math.floor(scrollTop / rowHeight);
    const first = Math.max(0, top - overscan);
    const last = Math.min(this.#count, Math.ceil((scrollTop + clientHeight) / rowHeight) + overscan);
    const wanted = (i: number) => (i >= first && i < last) || i === this.#kept;
    for (const [index, row] of this.#rows) {
      if (wanted(index)) continue;
      row.remove();
      this.#rows.delete(index);
    }
    const made = new Set<number>();
    for (let i = first; i < last; i++) if (!this.#rows.has(i)) made.add(i);
    if (this.#kept >= 0 && this.#kept < this.#count && !this.#rows.has(this.#kept)) made.add(this.#kept);
    for (const index of made) {
      this.#insert(index);
    }
    this.#options.onScroll?.(top);
  }

  /** Screen readers read in the order of the elements, so rows stand in theirs. */
  #insert(index: number): void {
    let next: number | undefined;
    for (const other of this.#rows.keys())
      if (other > index && (next === undefined || other < next)) next = other;
    const row = this.#make(index);
    this.#canvas.insertBefore(row, next === undefined ? null : (this.#rows.get(next) ?? null));
    this.#rows.set(index, row);
  }

  #make(index: number): HTMLElement {
    const row = this.#options.renderRow(index);
    row.style.transform = `translateY(${index * this.#options.rowHeight}px)`;
    row.setAttribute("aria-rowindex", `${index + 1}`);
    return row;
  }
}
