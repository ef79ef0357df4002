/**
 * How long a heatmap takes to be on the screen, against one span per token in the same browser and run.
 * `npx tsx bench/heatmap.ts [repeats]`, 5 by default. Prints a table, then one line of JSON.
 *
 * Needs Chromium (`SAELAB_CHROMIUM`, else /usr/bin/chromium). Each figure is the median of the repeats, of
 * which the first, cold one is left out; the two ways take turns.
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { Heatmap } from "../src/report/heatmap.js";
import { quantile } from "../src/stats/quantile.js";
import { launchChromium } from "../test/browser/chromium.js";
import { widgetsBuild } from "../test/widgets/install-widgets.js";
import { sampleLatentExamples } from "../test/widgets/sample-examples.js";
import type { Measured } from "./heatmap-page.js";
import { idleSince } from "./idle-since.js";

const repeats = Number(process.argv[2] ?? 5);
const sizes = [
  [1_000, 32],
  [10_000, 32],
  [1_000, 128],
] as const;

const atStart = cpus();
const { bundle } = await widgetsBuild();
const entry = fileURLToPath(new URL("heatmap-page.ts", import.meta.url));
const script = await bundle("", { entryPoints: [entry] });
const browser = await launchChromium();
const rows = [];
for (const [windows, tokens] of sizes) {
  const examples = sampleLatentExamples({
    perQuantile: windows / 10,
    nonActivating: 0,
    windowLength: tokens,
  });
  const snapshot = new Heatmap(examples).snapshot({ maxBytes: Number.POSITIVE_INFINITY });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.setContent("<!doctype html><body>");
  await page.addScriptTag({ content: script });
  const measured: Record<"ours" | "plain", Measured[]> = { ours: [], plain: [] };
  for (let i = 0; i <= repeats; i++) {
    for (const way of ["ours", "plain"] as const) {
      const call = ([way, snapshot]: readonly unknown[]) => Reflect.get(window, "measure")(way, snapshot);
      measured[way].push(await page.evaluate(call, [way, snapshot] as const));
    }
  }
  await page.close();
  rows.push(
    ...(["ours", "plain"] as const).map((way) => summary(way, `${windows} × ${tokens}`, measured[way])),
  );
}
await browser.close();
console.table(rows);
console.log(JSON.stringify({ bench: "heatmap", repeats, idle: round(idleSince(atStart)), rows }));

function summary(way: string, size: string, all: readonly Measured[]) {
  const warm = all.slice(1);
  const median = (of: (one: Measured) => number) => round(quantile(warm.map(of), 0.5));
  return {
    size,
    way,
    "build ms": median(({ build }) => build),
    "paint ms": median(({ paint }) => paint),
    elements: median(({ elements }) => elements),
    "frame p50 ms": median(({ frames }) => quantile(frames, 0.5)),
    "frame p95 ms": median(({ frames }) => quantile(frames, 0.95)),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
