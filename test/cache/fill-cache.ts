/**
 * Fills a cache slowly, for tests that kill it, run out of disk or come in between:
 * `fill-cache.ts DIRECTORY LOG [STAGE]`; kills itself as soon as it reports on that stage.
 */
import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

const [directory = "", log = "", stage] = process.argv.slice(2);
const model = toyModel({
  onBatch: async (tokens) => {
    appendFileSync(log, `${tokens.data.slice(1, 9).join(" ")}\n`);
    await setTimeout(20);
  },
});
await cacheLatents({ model, coder: toyCoder() }, toyTexts(150), {
  directory,
  tokensPerRun: 2048,
  onProgress(progress) {
    if (stage !== undefined && progress.stage.startsWith(stage)) process.kill(process.pid, "SIGKILL");
  },
});
