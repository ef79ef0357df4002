import { element } from "./element.js";

export interface TooltipContent {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string])[];
}

/**
 * The one tooltip of a view. It is a popover, so that it stands in the top layer: no output area,
 * scroller or cell can clip it. Its texts are text nodes.
 */
export class Tooltip {
  readonly element: HTMLElement;
  readonly #title = element("div", { class: "saelab-tip-title" });
  readonly #rows = element("dl");

  constructor() {
    this.element = element(
      "div",
      { class: "saelab-tip", role: "tooltip", popover: "manual" },
      this.#title,
      this.#rows,
    );
  }

  get shown(): boolean {
    return this.element.matches(":popover-open");
  }

  show(content: TooltipContent, anchor: DOMRect): void {
    this.#title.textContent = content.title;
    this.#rows.replaceChildren(
      ...content.rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
    );
    if (!this.shown && this.element.isConnected) this.element.showPopover();
    this.#place(anchor);
  }

  hide(): void {
    if (this.shown) this.element.hidePopover();
  }

  /** Below the anchor, above it where there is no room, never beyond the window's sides. */
  #place(anchor: DOMRect): void {
    const { offsetWidth: width, offsetHeight: height, style } = this.element;
    const below = anchor.bottom + 6;
    const top = below + height <= innerHeight ? below : Math.max(4, anchor.top - height - 6);
    const left = Math.min(Math.max(4, anchor.left - 8), Math.max(4, innerWidth - width - 4));
    style.transform = `translate(${Math.round(left)}px,${Math.round(top)}px)`;
  }
}
