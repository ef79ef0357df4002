import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LatentCache } from "../../src/cache/latent-cache.js";
import { openLedgerFile } from "../../src/llm/ledger.js";
import { seededRandom } from "../../src/random.js";
import { type BundledProgram, bundledProgram } from "../bundled-program.js";
import { plantedCache } from "../score/planted-latents.js";
import { lastQuestion, type MessagesServer, messagesServer } from "../servers/messages-server.js";

const kills = 6;
const latents = 6;
let scratch: string;
let cache: LatentCache;
let removeCache: () => Promise<void>;
let program: BundledProgram;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "saelab-run-kill-"));
  ({ cache, remove: removeCache } = await plantedCache({ documents: 600 }));
  program = await bundledProgram(join(import.meta.dirname, "interpret-run.ts"));
}, 120_000);

afterAll(async () => {
  await program?.remove();
  await removeCache?.();
  await rm(scratch, { recursive: true, force: true });
});

/** Runs the program; kills it once the server has been asked `until` times in all. */
async function run(server: MessagesServer, directory: string, until = Number.POSITIVE_INFINITY) {
  const args = [program.path, server.url, cache.directory, directory, String(latents)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const watch = setInterval(() => {
    if (server.requests.length >= until) child.kill("SIGKILL");
  }, 1);
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) =>
    child.once("close", (...how) => done(how)),
  );
  clearInterval(watch);
  return { status, signal };
}

/** The questions that the ledger holds a reply to. */
function kept(directory: string): Set<string> {
  if (!existsSync(join(directory, "ledger", "ledger.sqlite"))) return new Set();
  const rows = openLedgerFile(join(directory, "ledger")).rows(
    "SELECT preamble.body, question FROM call JOIN preamble ON preamble.key = preamble WHERE reply IS NOT NULL",
  );
  const questions = rows.map(([preamble, question]) => `${preamble}\n${question}`);
  // Nothing is kept twice.
  expect(new Set(questions).size).toBe(questions.length);
  return new Set(questions);
}

/** Results by file, without what the prompt cache saved. */
function results(directory: string): Record<string, unknown> {
  const folder = join(directory, readdirSync(directory).find((name) => name.startsWith("run-")) as string);
  const read = (name: string) =>
    JSON.parse(readFileSync(join(folder, name), "utf8"), (key, value) =>
      key === "usage" ? undefined : value,
    );
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => [name, read(name)]),
  );
}

test("a run of interpret() that is killed six times ends as one that never was, and no kept reply is asked for again", async () => {
  await using calm = await messagesServer();
  const whole = join(scratch, "whole");
  expect(await run(calm, whole)).toEqual({ status: 0, signal: null });
  const count = calm.requests.length;
  expect(count).toBe(kept(whole).size);

  await using server = await messagesServer({ delayMs: 2 });
  const directory = join(scratch, "killed");
  const points = seededRandom("kill interpret").sample(
    Array.from({ length: count - 1 }, (_, i) => i + 1),
    kills,
  );
  let lost = 0;
  for (const until of points.sort((a, b) => a - b)) {
    const [from, before] = [server.requests.length, kept(directory).size];
    const ended = await run(server, directory, Math.max(until, from + 1));
    expect(ended.signal).toBe("SIGKILL");
    // What was asked for in this run and is not in the ledger was under way when it was killed.
    const unkept = server.requests.length - from - (kept(directory).size - before);
    expect(unkept).toBeGreaterThanOrEqual(0);
    expect(unkept).toBeLessThanOrEqual(64);
    lost += unkept;
  }
  expect(await run(server, directory)).toEqual({ status: 0, signal: null });
  expect(kept(directory)).toEqual(kept(whole));
  // Sent more than once were those alone that had been under way at a kill.
  expect(server.requests.length - count).toBe(lost);
  const questions = new Set(
    server.requests.map(({ body }) => JSON.stringify([body.system, lastQuestion(body)])),
  );
  expect(questions.size).toBe(count);
  expect(results(directory)).toEqual(results(whole));

  const calls = server.requests.length;
  expect(await run(server, directory)).toEqual({ status: 0, signal: null });
  expect(server.requests.length).toBe(calls);
}, 300_000);
