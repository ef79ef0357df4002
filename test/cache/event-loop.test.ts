import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import type { Progress } from "../../src/progress.js";
import { randomCoder } from "../../src/sparse/baseline-coders.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import type { SparseCoder } from "../../src/sparse/sparse-coder.js";

/** On a machine with nothing else to do it is below 50 ms: the figure is printed. Others may take the processor for long. */
const longestWait = 500;

describe("cacheLatents() and the event loop", () => {
  let model: SubjectModel;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-event-loop-"));
    model = await loadModel("demo");
  });
  afterAll(() => Promise.all([model.close(), rm(folder, { recursive: true })]));

  /** The longest that a timer waits beyond its 5 ms while model and coder compute. */
  async function largestGap(coder: SparseCoder, maxTokens: number): Promise<number> {
    let stage = "";
    let gap = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      if (stage.startsWith("cache")) gap = Math.max(gap, now - last - 5);
      last = now;
    }, 5);
    const onProgress = (progress: Progress) => {
      stage = progress.stage;
    };
    const directory = join(folder, String(maxTokens));
    await cacheLatents({ model, coder }, "demo", { directory, maxTokens, onProgress });
    clearInterval(timer);
    await coder.close();
    return gap;
  }

  it("timers go on while the demo's coder and one of 32,768 latents encode", async () => {
    const gaps = {
      demo: await largestGap(await loadSparseCoder("demo/layers.2.wide"), 16_384),
      "32k latents": await largestGap(randomCoder(model, "layers.2", { dSae: 32_768 }), 2048),
    };
    console.log("longest wait of a timer, ms", gaps);
    for (const gap of Object.values(gaps)) expect(gap).toBeLessThan(longestWait);
  });
});
