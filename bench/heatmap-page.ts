/// <reference path="../widgets/src/css.d.ts" />
/** The page that `heatmap.ts` opens: ours and the plain way, behind one interface. Bundled for the browser. */
import type { ViewSnapshot } from "../src/report/heatmap-state.js";
import { scaleStep } from "../widgets/src/core/scale.js";
import { paintSnapshot } from "../widgets/src/hosts/snapshot.js";
import { readPage } from "../widgets/src/views/heatmap/page.js";

/** One span per token with a title, as most viewers of activations do. */
function paintPlainly(el: HTMLElement, snapshot: ViewSnapshot): void {
  const page = readPage(snapshot.page);
  const scroller = document.createElement("div");
  scroller.className = "saelab-grid";
  scroller.style.cssText = "height:408px;overflow:auto";
  for (let row = 0; row < page.length; row++) {
    const { pieces, activations } = page.window(row);
    const line = document.createElement("div");
    line.style.cssText = "height:24px;line-height:24px;white-space:pre";
    pieces.forEach((piece, i) => {
      const token = document.createElement("span");
      const value = activations[i] as number;
      token.textContent = piece.replaceAll("\n", "↵");
      token.title = `${value}`;
      const share = scaleStep(value, snapshot.state.max, "linear") / 16;
      if (value > 0) token.style.background = `rgba(230,97,1,${share})`;
      line.append(token);
    });
    scroller.append(line);
  }
  el.append(scroller);
}

export interface Measured {
  /** Milliseconds until the view is built and laid out. */
  readonly build: number;
  /** Milliseconds until the frame with it is out. */
  readonly paint: number;
  readonly elements: number;
  /** Milliseconds between frames of a scroll from top to bottom, sorted. */
  readonly frames: readonly number[];
}

const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
const task = () => new Promise((resolve) => setTimeout(resolve));

async function measure(way: "ours" | "plain", snapshot: ViewSnapshot): Promise<Measured> {
  const el = document.createElement("div");
  document.body.replaceChildren(el);
  await frame();
  const start = performance.now();
  const gone = new AbortController();
  if (way === "ours") paintSnapshot(el, snapshot, { signal: gone.signal });
  else paintPlainly(el, snapshot);
  el.getBoundingClientRect();
  const build = performance.now() - start;
  await frame();
  await task();
  const paint = performance.now() - start;
  const elements = el.querySelectorAll("*").length;
  const grid = el.querySelector(".saelab-grid") as HTMLElement;
  const end = grid.scrollHeight - grid.clientHeight;
  const frames: number[] = [];
  let last = await frame();
  for (let step = 1; step <= 90; step++) {
    grid.scrollTop = (end * step) / 90;
    const now = await frame();
    frames.push(now - last);
    last = now;
  }
  gone.abort();
  return { build, paint, elements, frames: frames.sort((a, b) => a - b) };
}

Reflect.set(window, "measure", measure);
