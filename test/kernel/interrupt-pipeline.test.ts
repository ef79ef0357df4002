/** An interrupt of the library at work, in a cell: it stops cleanly. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fastestOf, interruptTarget } from "./fastest-of.js";
import { KernelClient, resultOf, root } from "./kernel-client.js";

const missing = existsSync(join(root, "dist", "src", "index.js"))
  ? ""
  : " (needs the built library: npm run build)";

describe.skipIf(missing)(`interrupt of cacheLatents()${missing}`, () => {
  let kernel: KernelClient;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "saelab-interrupt-"));
    kernel = await KernelClient.start();
  });
  afterAll(async () => {
    await kernel.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes less than a second and loses nothing that is done: the next call goes on from there", async () => {
    const { reply } = await kernel.execute(`
      import { cacheLatents, loadModel, loadSparseCoder, type Progress } from "saelab";
      const model = await loadModel("demo");
      const coder = await loadSparseCoder("demo/layers.2.wide");
      const options = { directory: ${JSON.stringify(folder)}, maxTokens: 60_000 };
      let seen: Progress[] = [];
      const onProgress = (progress: Progress) => {
        if (!progress.stage.startsWith("cache")) return;
        seen.push(progress);
        console.log("some are done");
      };`);
    expect(reply.status).toBe("ok");
    const fastest = await fastestOf(interruptTarget, async () => {
      const from = kernel.published.length;
      const running = kernel.execute(
        'seen = []; await cacheLatents({ model, coder }, "demo", { ...options, onProgress })',
      );
      await kernel.until(({ content }) => String(content.text).includes("some are done"), from);
      const start = performance.now();
      await kernel.interrupt();
      expect((await running).reply.ename).toBe("InterruptError");
      return performance.now() - start;
    });
    expect(fastest).toBeLessThan(interruptTarget);
    const again = `
      const { done, total } = seen.at(-1)!;
      seen = [];
      await cacheLatents({ model, coder }, "demo", { ...options, onProgress });
      done > 0 && seen[0].total! <= total! - done`;
    expect(resultOf(await kernel.execute(again))?.["text/plain"]).toBe("true");
  }, 120_000);
});
