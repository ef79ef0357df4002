/** What we reach into of tslab, and what its notebooks rely on, with both engines. */
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as ours from "../../kernel/src/tslab-display.js";
import { contentsOf, KernelClient, resultOf } from "./kernel-client.js";

const require = createRequire(import.meta.url);

describe("tslab's modules", () => {
  it("are the version that we know", () => {
    expect(require("tslab/package.json").version).toBe(ours.versions.tslab);
  });

  it("have the functions that we call", () => {
    expect(require("tslab/dist/converter.js").createConverter.length).toBe(1);
    expect(require("tslab/dist/executor.js").createExecutor.length).toBe(3);
    expect(require("tslab/dist/jupyter.js")).toHaveProperty("lastWriteDisplayData");
  });

  it("export no display function that our version lacks", () => {
    const theirs = require("tslab");
    for (const name of Object.keys(theirs)) expect(ours).toHaveProperty(name);
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(theirs.newDisplay()));
    for (const name of methods.filter((method) => method !== "constructor")) {
      expect(ours.display).toHaveProperty(name);
    }
  });
});

describe.each(["saelab", "tslab"])("--engine %s", (engine) => {
  let kernel: KernelClient;
  beforeAll(async () => {
    kernel = await KernelClient.start({ args: ["--engine", engine] });
  }, 60_000);
  afterAll(() => kernel.stop());
  const text = async (code: string) => resultOf(await kernel.execute(code))?.["text/plain"];

  it("runs cells that see each other, with await at the top level", async () => {
    await kernel.execute(
      "const x: number = 20\nfunction twice(n: number) { return n * 2 }\nclass A { y = 1 }",
    );
    expect(await text("twice(x) + new A().y")).toBe("41");
    expect(await text("await Promise.resolve(x)")).toBe("20");
    await kernel.execute("let x = 'redeclared'");
    expect(await text("x")).toBe("'redeclared'");
  });

  it("imports modules", async () => {
    expect(await text('import * as path from "path";\npath.join("a", "b")')).toBe("'a/b'");
  });

  it("reports what is thrown and what does not parse", async () => {
    expect((await kernel.execute("throw new TypeError('bad')")).reply).toMatchObject({
      ename: "TypeError",
      evalue: "bad",
    });
    expect((await kernel.execute("const = 3")).reply).toMatchObject({
      status: "error",
      ename: "SyntaxError",
    });
    expect((await kernel.execute("await Promise.reject(new RangeError('later'))")).reply.ename).toBe(
      "RangeError",
    );
  });

  it("has tslab's display API, with displays that are replaced", async () => {
    const execution = await kernel.execute(`import * as tslab from "tslab";
      tslab.display.html("<b>x</b>");
      const place = tslab.newDisplay();
      place.png(new Uint8Array([1, 2]));
      place.text("done");`);
    const [html, png] = contentsOf(execution, "display_data");
    expect(html?.data).toMatchObject({ "text/html": "<b>x</b>" });
    expect(png?.data).toMatchObject({ "image/png": "AQI=" });
    const [update] = contentsOf(execution, "update_display_data");
    expect(update).toMatchObject({ data: { "text/plain": "done" }, transient: png?.transient });
  });
});
