import { describe, expect, test } from "vitest";
import { heatmapSteps } from "../../src/report/heatmap-html.js";
import { contrast, luminance, paletteRules, palettes, stepCount } from "../../widgets/src/core/palette.js";

describe("palettes", () => {
  for (const theme of ["light", "dark"] as const) {
    test.each(palettes[theme].map((step, i) => [i + 1, step] as const))(
      `give step %i of the ${theme} theme a text of at least 4.5 : 1`,
      (_, { background, text }) => {
        expect(contrast(background, text)).toBeGreaterThanOrEqual(4.5);
      },
    );
    test(`have ${stepCount} steps away from the page, in the ${theme} theme`, () => {
      const light = palettes[theme].map(({ background }) => luminance(background));
      const ordered = [...light].sort((a, b) => (theme === "light" ? b - a : a - b));
      expect(light).toEqual(ordered);
      expect(light).toHaveLength(stepCount);
    });
  }

  test("are the same on the page without scripts", () => {
    expect(palettes.light.map(({ background }) => background)).toEqual(heatmapSteps);
  });
});

test("contrast() is 21 for black on white and 1 for equal colours", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 10);
  expect(contrast("#e66101", "#e66101")).toBe(1);
});

test("luminance() is that of WCAG 2 for a grey, by hand", () => {
  // 0x80 = 128: ((128 / 255 + 0.055) / 1.055) ** 2.4 = 0.21586
  expect(luminance("#808080")).toBeCloseTo(0.21586, 5);
});

test("paletteRules() sets every step in both themes", () => {
  const rules = paletteRules();
  for (let step = 1; step <= stepCount; step++) {
    expect(rules.split(`--saelab-b${step}:`)).toHaveLength(3);
    expect(rules).toContain(`.saelab .s${step}{`);
  }
});
