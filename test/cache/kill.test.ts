import { execFile, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { LatentCache } from "../../src/cache/latent-cache.js";
import { toyCoder, toyModel, toyTexts } from "./toy-world.js";

const root = mkdtempSync(join(tmpdir(), "saelab-kill-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const fill = ["--import", "tsx", "test/cache/fill-cache.ts"];
const options = (directory: string) => ({ directory, tokensPerRun: 2048, onProgress: false }) as const;

let whole: LatentCache;
beforeAll(async () => {
  const input = { model: toyModel(), coder: toyCoder() };
  whole = await cacheLatents(input, toyTexts(150), options(join(root, "whole")));
});

function finishedRuns(directory: string): string[] {
  const folder = join(directory, "runs");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".run")) : [];
}

/** Starts a process that fills a cache, and waits for its third run. */
async function startFilling(directory: string, log: string) {
  const child = spawn(process.execPath, [...fill, directory, log], { stdio: "inherit" });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  while (finishedRuns(directory).length < 3) await setTimeout(5);
  return { child, exited };
}

/** Goes on with a cache that another process has left, and counts what it computes. */
async function goOn(directory: string): Promise<{ cache: LatentCache; batches: string[] }> {
  const batches: string[] = [];
  const model = toyModel({ onBatch: (tokens) => void batches.push(firstTokens(tokens.data)) });
  const cache = await cacheLatents({ model, coder: toyCoder() }, toyTexts(150), options(directory));
  expect(cache.manifest).toEqual(whole.manifest);
  expect(readdirSync(directory).sort()).toEqual(readdirSync(whole.directory).sort());
  return { cache, batches };
}

function firstTokens(tokens: Int32Array): string {
  return tokens.slice(1, 9).join(" ");
}

/** The batches that were computed in another process. */
function logged(log: string): string[] {
  return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
}

describe("cacheLatents() beside and after another process", () => {
  test("goes on at the last finished run after kill -9, and ends with the same files", async () => {
    const [directory, log] = [join(root, "killed"), join(root, "killed.log")];
    const { child, exited } = await startFilling(directory, log);
    child.kill("SIGKILL");
    await exited;
    const finished = finishedRuns(directory);
    expect(finished.length).toBeGreaterThanOrEqual(3);
    const { cache, batches } = await goOn(directory);
    // Two batches of 16 contexts make a run: what was in a finished run is not computed again.
    expect(batches.length).toBe(Math.ceil(cache.contextCount / 16) - 2 * finished.length);
    const kept = logged(log).slice(0, 2 * finished.length);
    expect(kept.some((batch) => batches.includes(batch))).toBe(false);
  });

  test.each(["read", "cache", "group"])(
    "ends with the same files after kill -9 in the stage %j",
    async (stage) => {
      const [directory, log] = [join(root, stage), join(root, `${stage}.log`)];
      const { signal } = spawnSync(process.execPath, [...fill, directory, log, stage], { stdio: "inherit" });
      expect(signal).toBe("SIGKILL");
      expect(() => LatentCache.open(directory)).toThrow(/is not finished/);
      const { batches } = await goOn(directory);
      // All is computed before it is grouped.
      if (stage === "group") expect(batches).toEqual([]);
    },
  );

  test("refuses a directory that another process is filling, and does not disturb it", async () => {
    const [directory, log] = [join(root, "shared"), join(root, "shared.log")];
    const { child, exited } = await startFilling(directory, log);
    await expect(
      cacheLatents({ model: toyModel(), coder: toyCoder() }, toyTexts(150), options(directory)),
    ).rejects.toThrow(
      `process ${child.pid} is filling it; wait for it, choose another directory, or delete "${join(directory, "lock")}"`,
    );
    expect(await exited).toBe(0);
    expect((await goOn(directory)).batches).toEqual([]);
  });
});

/** A small disk of our own, which nobody else sees. */
const withSmallDisk = (script: string) => ["--user", "--map-root-user", "--mount", "sh", "-ec", script];
const hasSmallDisks =
  process.platform === "linux" &&
  spawnSync("unshare", withSmallDisk(`mount -t tmpfs -o size=64k tmpfs "${root}"`)).status === 0;

test.skipIf(!hasSmallDisks)(
  "cacheLatents() keeps its finished runs when the disk is full, and goes on when there is room (needs unshare)",
  async () => {
    const [disk, log, out] = [join(root, "disk"), join(root, "disk.log"), join(root, "from-disk")];
    mkdirSync(disk);
    const call = `"${process.execPath}" ${fill.join(" ")} "${disk}/cache" "${log}"`;
    const script = `
      mount -t tmpfs -o size=300k tmpfs "${disk}"
      if ${call} 2> "${root}/error"; then exit 3; fi
      ls "${disk}/cache/runs" > "${root}/runs"
      mount -o remount,size=50m "${disk}"
      ${call}
      cp -r "${disk}/cache" "${out}"`;
    await promisify(execFile)("unshare", withSmallDisk(script));
    expect(readFileSync(join(root, "error"), "utf8")).toMatch(
      /FileError: Cannot write ".*": the disk is full; free some space and call again, finished parts are kept/,
    );
    const runs = readFileSync(join(root, "runs"), "utf8").match(/\.run$/gm) ?? [];
    expect(runs.length).toBeGreaterThan(0);
    expect(LatentCache.open(out).manifest).toEqual(whole.manifest);
    const batches = logged(log);
    const kept = batches.slice(0, 2 * runs.length);
    expect(kept.filter((batch) => batches.lastIndexOf(batch) >= kept.length)).toEqual([]);
  },
);
