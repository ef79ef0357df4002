import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

test("cacheLatents() goes on at the last finished run after kill -9, and ends with the same files", async () => {
  const root = mkdtempSync(join(tmpdir(), "saelab-kill-"));
  try {
    const directory = join(root, "killed");
    const log = join(root, "log");
    const runs = () => (existsSync(join(directory, "runs")) ? readdirSync(join(directory, "runs")) : []);
    const child = spawn(process.execPath, ["--import", "tsx", "test/cache/fill-cache.ts", directory, log], {
      stdio: "inherit",
    });
    while (runs().filter((name) => name.endsWith(".run")).length < 3) await setTimeout(5);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    const finished = runs().filter((name) => name.endsWith(".run"));
    expect(finished.length).toBeGreaterThanOrEqual(3);
    const seen: string[] = [];
    const model = toyModel({ onBatch: (tokens) => void seen.push(tokens.data.slice(1, 9).join(" ")) });
    const options = { directory, tokensPerRun: 2048, onProgress: false } as const;
    const resumed = await cacheLatents({ model, coder: toyCoder() }, toyTexts(150), options);
    // Two batches of 16 contexts make a run: what was in a finished run is not computed again.
    const before = readFileSync(log, "utf8").trim().split("\n");
    expect(seen.length).toBe(Math.ceil(resumed.contextCount / 16) - 2 * finished.length);
    expect(before.slice(0, 2 * finished.length).some((batch) => seen.includes(batch))).toBe(false);
    const whole = await cacheLatents({ model: toyModel(), coder: toyCoder() }, toyTexts(150), {
      directory: join(root, "whole"),
      onProgress: false,
    });
    expect(resumed.manifest).toEqual(whole.manifest);
    expect(readdirSync(directory).sort()).toEqual(readdirSync(whole.directory).sort());
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
