/** Fills a cache slowly, for the test that kills it: `fill-cache.ts DIRECTORY LOG`. */
import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

const [directory = "", log = ""] = process.argv.slice(2);
const model = toyModel({
  onBatch: async (tokens) => {
    appendFileSync(log, `${tokens.data.slice(1, 9).join(" ")}\n`);
    await setTimeout(20);
  },
});
await cacheLatents({ model, coder: toyCoder() }, toyTexts(150), { directory, tokensPerRun: 2048 });
