import { element, ownKeys } from "./element.js";

export interface Segment<V extends string> {
  readonly value: V;
  readonly label: string;
  /** Said instead of the label by screen readers, and shown on hover. */
  readonly title?: string | undefined;
}

export interface SegmentedOptions<V extends string> {
  readonly label: string;
  readonly segments: readonly Segment<V>[];
  readonly value: V;
  onSelect(value: V): void;
}

/** A row of buttons of which one is on: a radio group with one tab stop and arrow keys. */
export function segmented<V extends string>(options: SegmentedOptions<V>) {
  const buttons = options.segments.map(({ value, label, title }) =>
    element(
      "button",
      { type: "button", role: "radio", "data-value": value, "aria-label": title, title, ...ownKeys },
      label,
    ),
  );
  const group = element("div", { class: "saelab-segments", role: "radiogroup", "aria-label": options.label });
  group.append(...buttons);
  const update = (value: V) => {
    for (const button of buttons) {
      const on = button.dataset.value === value;
      button.setAttribute("aria-checked", `${on}`);
      button.tabIndex = on ? 0 : -1;
    }
  };
  const select = (index: number) => {
    const at = (index + buttons.length) % buttons.length;
    buttons[at]?.focus();
    options.onSelect(options.segments[at]?.value as V);
  };
  group.addEventListener("click", (event) => {
    const index = buttons.indexOf(event.target as HTMLButtonElement);
    if (index >= 0) select(index);
  });
  group.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    select(buttons.indexOf(event.target as HTMLButtonElement) + by);
  });
  update(options.value);
  return { element: element("div", { class: "saelab-control" }, options.label, group), update };
}
