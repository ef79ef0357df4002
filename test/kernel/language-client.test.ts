/** The language worker as the kernel uses it: from the built files, in a thread of its own. */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { builtKernel, root } from "./kernel-client.js";

const { LanguageClient } = (await import(
  pathToFileURL(join(dirname(builtKernel()), "language-client.js")).href
)) as typeof import("../../kernel/src/language-client.js");

it("starts a new worker after one that ran out of memory, which knows the earlier cells", async () => {
  const language = new LanguageClient(root, { heapMegabytes: 160 });
  language.executed("const point = { x: 1 }");
  expect(await language.check("point.y")).toMatchObject([{ code: 2339, line: 1, column: 7 }]);
  const tooMuch = `[${"1,".repeat(2e6)}]`;
  expect(await language.check(tooMuch)).toEqual([]);
  expect(language.isWarm).toBe(false);
  expect(await language.check("point.y")).toMatchObject([{ code: 2339, line: 1, column: 7 }]);
  const { matches } = await language.ask("complete", { code: "point.", cursor_pos: 6 });
  expect(matches).toEqual(["x"]);
}, 60_000);
