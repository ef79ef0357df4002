import { element } from "../../core/element.js";
import { stepCount } from "../../core/palette.js";
import { formatValue, type ScaleName, scalePosition, scaleValue } from "../../core/scale.js";

/** The colour scale with its ends and its middle, and a mark at the value under the pointer. */
export class Legend {
  readonly element: HTMLElement;
  readonly #middle = element("span", { class: "saelab-tick-middle" });
  readonly #end = element("span");
  readonly #mark = element("div", { class: "saelab-mark", hidden: true });
  #max = 1;
  #scale: ScaleName = "linear";

  constructor() {
    const steps = Array.from({ length: stepCount }, (_, i) => element("i", { class: `s${i + 1}` }));
    const bar = element("div", { class: "saelab-bar" }, ...steps, this.#mark);
    const ticks = element(
      "div",
      { class: "saelab-ticks" },
      element("span", {}, "0"),
      this.#middle,
      this.#end,
    );
    this.element = element("div", { class: "saelab-legend", role: "img" }, bar, ticks);
  }

  set(max: number, scale: ScaleName): void {
    this.#max = max;
    this.#scale = scale;
    this.#middle.textContent = formatValue(scaleValue(0.5, max, scale));
    this.#end.textContent = formatValue(max);
    const label = `Activation, ${scale} scale from 0 to ${formatValue(max)}`;
    this.element.setAttribute("aria-label", label);
    this.element.title = label;
  }

  /** Marks a value; `undefined` takes the mark away. */
  mark(value: number | undefined): void {
    this.#mark.hidden = value === undefined;
    if (value === undefined) return;
    const position = scalePosition(value, this.#max, this.#scale);
    this.#mark.style.insetInlineStart = `${(position * 100).toFixed(2)}%`;
    this.#mark.textContent = formatValue(value);
  }
}
