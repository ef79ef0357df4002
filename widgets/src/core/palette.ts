/**
 * The sequential scale: white to orange on a light page, brown to orange on a dark one, in sixteen steps
 * that are even in OKLab. Text is black or white by step, so that it keeps 4.5 : 1 on every one of them.
 */
export interface PaletteStep {
  readonly background: string;
  readonly text: string;
}

export type Theme = "light" | "dark";

/** Number of steps with a colour; a token that does not fire has step 0 and no colour. */
export const stepCount = 16;

const light = [
  ["#fff3e2", "#ffead2", "#ffe1c1", "#ffd8b1", "#ffcfa0", "#ffc68f", "#febc7d", "#fdb36b"],
  ["#fca95c", "#f99f53", "#f69549", "#f38b3f", "#f08134", "#ed7728", "#ea6c1a", "#e66101"],
].flat();

const dark = [
  ["#2e2013", "#3c2614", "#4a2b15", "#593114", "#683713", "#783c12", "#88420e", "#984709", "#a6510f"],
  ["#b3601d", "#bf6e2a", "#cb7d36", "#d88b41", "#e49a4c", "#f1a958", "#fdb863"],
] as const;

export const palettes: Readonly<Record<Theme, readonly PaletteStep[]>> = {
  light: light.map((background) => ({ background, text: "#000000" })),
  dark: [
    ...dark[0].map((background) => ({ background, text: "#ffffff" })),
    ...dark[1].map((background) => ({ background, text: "#000000" })),
  ],
};

/**
 * The style rules of the steps: each theme sets the custom properties `--saelab-b1` to `--saelab-b16` and
 * their texts, the classes `s1` to `s16` use them. A change of theme touches no element.
 */
export function paletteRules(): string {
  const themes = (["light", "dark"] as const).map((theme) => {
    const colors = palettes[theme].map(
      ({ background, text }, i) => `--saelab-b${i + 1}:${background};--saelab-t${i + 1}:${text}`,
    );
    return `.saelab[data-theme="${theme}"]{${colors.join(";")}}`;
  });
  const steps = Array.from(
    { length: stepCount },
    (_, i) => `.saelab .s${i + 1}{background:var(--saelab-b${i + 1});color:var(--saelab-t${i + 1})}`,
  );
  return [...themes, ...steps].join("\n");
}

/** WCAG 2 contrast of two colours written `#rrggbb`, in [1, 21]. */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** WCAG 2 relative luminance of a colour written `#rrggbb`, in [0, 1]. */
export function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
