import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { writeFileAtomic } from "../src/atomic-file.js";
import { displayable, jupyterDisplay } from "../src/display.js";
import { HookpointError, isSaelabError } from "../src/errors.js";
import { Html, html } from "../src/html.js";
import { latentFileName, latentName, parseLatent } from "../src/latent.js";
import { progressLine, progressMeter } from "../src/progress.js";
import { row, tensor } from "../src/tensor.js";

describe("latent names", () => {
  it("parseLatent() reads what latentName() writes", () => {
    const hookpoint = fc.stringMatching(/^[a-z][\w./:-]{0,20}$/);
    fc.assert(
      fc.property(hookpoint, fc.nat(), (name, index) => {
        expect(parseLatent(latentName({ hookpoint: name, index }))).toEqual({ hookpoint: name, index });
      }),
    );
  });

  it("parseLatent() throws on text without an index", () => {
    expect(() => parseLatent("layers.2")).toThrow('Cannot read "layers.2" as a latent');
  });

  it("latentFileName() is safe in a path", () => {
    expect(latentFileName({ hookpoint: "a/b", index: 7 })).toBe("a--b_latent7");
  });
});

describe("tensor()", () => {
  it("row() is a view of one row", () => {
    const t = tensor(Float32Array.from([1, 2, 3, 4, 5, 6]), [3, 2]);
    expect([...row(t, 1)]).toEqual([3, 4]);
    expect(row(t, 1).buffer).toBe(t.data.buffer);
  });

  it("throws when the shape does not hold the numbers", () => {
    expect(() => tensor(new Float32Array(5), [2, 3])).toThrow("the shape [2, 3]: it holds 6");
  });
});

describe("html``", () => {
  it("escapes every value, so data never becomes markup", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const page = html`<p title="${text}">${text}</p>`.text;
        expect(page.replace(/^<p title="/, "").replace(/<\/p>$/, "")).not.toMatch(/[<'](?!p>)/);
      }),
    );
  });

  it("leaves its own markup and joins lists", () => {
    const items = ["a", "<b>"].map((item) => html`<li>${item}</li>`);
    expect(html`<ul>${items}${undefined}</ul>`).toEqual(new Html("<ul><li>a</li><li>&lt;b&gt;</li></ul>"));
  });
});

describe("displayable()", () => {
  it("adds a display that JSON and spreading do not see", async () => {
    const value = displayable({ n: 1 }, ({ n }) => ({ "text/plain": `n is ${n}` }));
    expect(await value[jupyterDisplay]()).toEqual({ "text/plain": "n is 1" });
    expect(JSON.stringify(value)).toBe('{"n":1}');
  });
});

describe("isSaelabError()", () => {
  it("narrows by name", () => {
    const error: unknown = new HookpointError("no", ["layers.0"]);
    expect(isSaelabError(error, "HookpointError") && error.available).toEqual(["layers.0"]);
    expect(isSaelabError(error, "FileError")).toBe(false);
  });
});

describe("progressMeter()", () => {
  it("passes on the first and the last state, and not more than ten a second", () => {
    const seen = vi.fn();
    const meter = progressMeter("read", "tokens", 1000, seen);
    for (let i = 0; i < 1000; i++) meter.report(i);
    meter.end(1000);
    expect(seen.mock.calls.length).toBeLessThan(20);
    expect(seen.mock.lastCall?.[0]).toMatchObject({ stage: "read", done: 1000, total: 1000, etaSeconds: 0 });
  });

  it("progressLine() says how far, how fast, how long", () => {
    const state = {
      stage: "cache",
      unit: "tokens",
      done: 51_200,
      total: 200_000,
      rate: 12_345,
      etaSeconds: 12,
    };
    expect(progressLine(state)).toBe("cache: 51,200 of 200,000 tokens (25 %) · 12,345 tokens/s · 12 s to go");
  });
});

describe("writeFileAtomic()", () => {
  it("writes the whole file, makes folders, and leaves nothing beside it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "saelab-"));
    const path = join(folder, "a", "b.txt");
    await writeFileAtomic(path, "one");
    await writeFileAtomic(path, "two");
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(readdirSync(join(folder, "a"))).toEqual(["b.txt"]);
  });

  it("throws a FileError that names the path when the folder cannot be made", async () => {
    const folder = mkdtempSync(join(tmpdir(), "saelab-"));
    await writeFileAtomic(join(folder, "file"), "x");
    const path = join(folder, "file", "below");
    await expect(writeFileAtomic(path, "y")).rejects.toMatchObject({ name: "FileError", path });
  });
});
