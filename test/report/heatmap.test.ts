import { afterEach, describe, expect, test, vi } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import { Heatmap, heatmap, snapshotLimit } from "../../src/report/heatmap.js";
import { heatmapHtml } from "../../src/report/heatmap-html.js";
import { heatmapRows } from "../../src/report/heatmap-rows.js";
import { heatmapScript } from "../../src/report/heatmap-script.js";
import { type ViewSnapshot, viewMimeType } from "../../src/report/heatmap-state.js";
import { heatmapFigure } from "../../src/report/heatmap-static.js";
import widgetsPackage from "../../widgets/package.json" with { type: "json" };
import { readPage } from "../../widgets/src/views/heatmap/page.js";
import { sampleLatentExamples } from "../widgets/sample-examples.js";

const examples = sampleLatentExamples({ perQuantile: 4, quantiles: 3, nonActivating: 5 });
const widgetsSymbol = Symbol.for("Jupyter.widgets");
const metadataSymbol = Symbol.for("Jupyter.cell.metadata");

afterEach(() => {
  Reflect.deleteProperty(globalThis, widgetsSymbol);
  Reflect.deleteProperty(globalThis, metadataSymbol);
  vi.unstubAllEnvs();
});

describe("heatmapRows()", () => {
  test("reads strongest first: by quantile, by peak within it, what does not fire last", () => {
    const { rows, groups } = heatmapRows(examples);
    expect(groups.map(({ key, count, total }) => [key, count, total])).toEqual([
      ...["0", "1", "2"].map((key) => [key, 4, 4]),
      ["non-activating", 5, 5],
    ]);
    const peaks = rows.map(({ window }) => Math.max(...window.activations));
    expect(peaks).toEqual([...peaks].sort((a, b) => b - a));
    expect(groups[0]?.high).toBe(peaks[0]);
    expect(groups[0]?.low).toBe(peaks[3]);
  });

  test("keeps to a split, and to a limit of each group", () => {
    const train = heatmapRows(examples, { split: "train" });
    expect(train.rows.every(({ split }) => split === "train")).toBe(true);
    expect(train.rows).toHaveLength(examples.train.length);
    const few = heatmapRows(examples, { split: "test", limit: 1 });
    expect(few.groups.map(({ count, total }) => [count, total])).toEqual([
      ...[0, 1, 2].map(() => [1, 2]),
      [1, 5],
    ]);
  });
});

describe("heatmap()", () => {
  test("shows a picture, HTML and text where there are no widgets", async () => {
    const bundle = await heatmap(examples, { explanation: "words about the weather" })[jupyterDisplay]();
    expect(Object.keys(bundle)).toEqual([viewMimeType, "text/html", "text/plain"]);
    const snapshot = bundle[viewMimeType] as ViewSnapshot;
    expect(snapshot.model_id).toBeUndefined();
    expect(snapshot.state).toMatchObject({ latent: "layers.2:17", explanation: "words about the weather" });
    expect(readPage(snapshot.page).length).toBe(17);
    expect(bundle["text/plain"]).toMatch(
      /^layers\.2:17 "words about the weather" · density 0\.24 %, max 12\.3\n/,
    );
  });

  test("says what kind of latent it is, where it is told", async () => {
    const bundle = await heatmap(examples, { traits: ["positional", "unigram"] })[jupyterDisplay]();
    expect((bundle[viewMimeType] as ViewSnapshot).state.traits).toEqual(["positional", "unigram"]);
    expect(bundle["text/html"]).toContain(">positional · unigram · density 0.24 %");
    expect(bundle["text/plain"]).toMatch(/^layers\.2:17 · positional, unigram, density 0\.24 %/);
    expect(heatmap(examples).state.traits).toEqual([]);
  });

  test("opens one widget of the kernel, and keeps its choices and the reader's in step", async () => {
    type Options = { model: object; state: Record<string, unknown> };
    const made: (Options & { set: object[]; change(changed: object): void })[] = [];
    const create = ({ model, state }: Options) => {
      const set: object[] = [];
      let callback: (changed: object) => void = () => {};
      made.push({ model, state, set, change: (changed) => callback(changed) });
      return {
        id: "the-id",
        set: (partial: object) => set.push(partial),
        onChange: (called: typeof callback) => {
          callback = called;
        },
        mimeBundle: () => ({ "application/vnd.jupyter.widget-view+json": { model_id: "the-id" } }),
      };
    };
    Reflect.set(globalThis, widgetsSymbol, { create });
    const map = heatmap(examples, { view: { scale: "log" } });
    const seen: string[] = [];
    map.onChange(({ align }) => seen.push(align));
    const bundle = await map[jupyterDisplay]();
    await map[jupyterDisplay]();
    expect(made).toHaveLength(1);
    expect(made[0]?.state.page).toBeInstanceOf(Uint8Array);
    expect(made[0]?.model).toEqual({
      name: "HeatmapModel",
      module: "@saelab/widgets",
      version: widgetsPackage.version,
    });
    expect(made[0]?.state.scale).toBe("log");
    expect((bundle[viewMimeType] as ViewSnapshot).model_id).toBe("the-id");
    made[0]?.change({ align: "peak", _dom_classes: [] });
    expect([map.state.align, ...seen]).toEqual(["peak", "peak"]);
    expect(map.state).not.toHaveProperty("_dom_classes");
    map.set({ group: "0" });
    expect(made[0]?.set).toEqual([{ group: "0" }]);
    expect(map.snapshot().state).toMatchObject({ align: "peak", group: "0", scale: "log" });
  });

  test.each([
    [
      "which started the kernel",
      () => vi.stubEnv("VSCODE_ESM_ENTRYPOINT", "vs/workbench/api/node/extensionHostProcess"),
    ],
    [
      "which a server runs the kernel for",
      () =>
        Reflect.set(globalThis, metadataSymbol, { cellId: "vscode-notebook-cell:/a.ipynb#W0sZmlsZQ%3D%3D" }),
    ],
  ])(
    "opens no widget in VS Code, %s, as it has no script for it, but brings its script along",
    async (_, begin) => {
      begin();
      const create = vi.fn();
      Reflect.set(globalThis, widgetsSymbol, { create });
      const bundle = await heatmap(examples, { explanation: "words about the weather" })[jupyterDisplay]();
      expect(create).not.toHaveBeenCalled();
      expect(Object.keys(bundle)).toEqual([viewMimeType, "text/html", "text/plain"]);
      expect(bundle["text/html"]).toContain(`<script type="${viewMimeType}">`);
      expect(bundle["text/html"]).toContain(`<script>${await heatmapScript()}</script>`);
    },
  );

  test("keeps the picture small by leaving windows out, and says so", () => {
    const many = sampleLatentExamples({ perQuantile: 200, nonActivating: 500 });
    const map = new Heatmap(many);
    const snapshot = map.snapshot();
    expect(JSON.stringify(snapshot).length).toBeLessThanOrEqual(snapshotLimit);
    const [first] = snapshot.state.groups;
    expect(first?.total).toBe(200);
    expect(first?.count).toBeLessThan(200);
    const shown = snapshot.state.groups.reduce((sum, { count }) => sum + count, 0);
    expect(readPage(snapshot.page).length).toBe(shown);
    expect(shown).toBeGreaterThan(300);
  });

  test("says what a view may be", () => {
    const map = heatmap(examples);
    const wrong = (view: object) => () => map.set(view as never);
    expect(wrong({ align: "middle" })).toThrow(
      new RangeError('Cannot set "align" of a heatmap to "middle": choose one of left, peak'),
    );
    expect(wrong({ group: "9" })).toThrow("choose one of all, 0, 1, 2, non-activating");
    expect(wrong({ colour: "red" })).toThrow('Cannot set "colour" of a heatmap: choose one of align, scale');
    expect(() => heatmap(examples, { view: { scale: "sqrt" as never } })).toThrow(
      "choose one of linear, log",
    );
  });

  test("copes with a latent without examples", async () => {
    const none = { ...examples, train: [], test: [], nonActivating: [] };
    const bundle = await heatmap(none)[jupyterDisplay]();
    expect(readPage((bundle[viewMimeType] as ViewSnapshot).page).length).toBe(0);
  });
});

describe("heatmapHtml()", () => {
  test("needs no script, no style sheet and no class, and escapes what the model wrote", () => {
    const nasty = examples.train.slice(0, 1).map((example) => ({
      ...example,
      pieces: example.pieces.map(() => `<img src=x onerror="x">&'`),
    }));
    const html = heatmapHtml(
      { ...examples, train: nasty, test: [], nonActivating: [] },
      { explanation: "<b>" },
    );
    expect(html).not.toMatch(/<(?!\/?(div|b|span|mark)[ >])/);
    expect(html).not.toMatch(/class=|<b><b>|data-/);
    expect(html).toContain("&lt;img src=x onerror=&quot;x&quot;&gt;&amp;&#39;");
    expect(html).toMatch(/<mark style="background:#[0-9a-f]{6};color:#000;[^"]*" title="[\d.]+">/);
  });
});

test("heatmapFigure() holds its data where no text can end the script", () => {
  const figure = heatmapFigure(examples, { explanation: "</script><script>alert(1)</script>" });
  expect(figure.match(/<\/script>/g)).toHaveLength(1);
  const json = figure.slice(figure.indexOf(">", figure.indexOf("<script")) + 1, figure.indexOf("</script>"));
  expect(JSON.parse(json).state.explanation).toBe("</script><script>alert(1)</script>");
});
