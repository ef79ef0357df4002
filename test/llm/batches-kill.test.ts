import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLedgerFile } from "../../src/llm/ledger.js";
import { seededRandom } from "../../src/random.js";
import { type BundledProgram, bundledProgram } from "../bundled-program.js";
import { type BatchStep, messageBatches } from "../servers/message-batches.js";
import { messagesServer } from "../servers/messages-server.js";

const count = 3_000;
const kills = 20;
let scratch: string;
let program: BundledProgram;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "saelab-batches-kill-"));
  program = await bundledProgram(join(import.meta.dirname, "batches-run.ts"));
});

afterAll(async () => {
  await program?.remove();
  await rm(scratch, { recursive: true, force: true });
});

/** The program is killed at a step of each kind in turn, after up to so many of them. */
const steps: readonly (readonly [BatchStep, number])[] = [
  ["create", 2],
  ["created", 2],
  ["list", 4],
  ["look", 6],
  ["results", 3],
  ["result", 60],
];
/** Where none of that kind comes, it is killed after so many others: too few for 20 runs to end the work. */
const patience = 150;

test("a run of 3,000 batched requests that is killed 20 times ends with all done, and none paid twice", async () => {
  const random = seededRandom("kill batches");
  const killedAt: BatchStep[] = [];
  let child: ChildProcess | undefined;
  let point: { kind: BatchStep; nth: number; left: number } | undefined;
  const batches = messageBatches({
    answer: (question) => `answer to ${question}`,
    ...{ errored: 0.03, expired: 0.03, cutResults: 0.2, resetAfterCreate: 0.2, page: 7 },
    onStep(step) {
      if (!point || ((point.kind !== step || --point.nth > 0) && --point.left > 0)) return;
      point = undefined;
      killedAt.push(step);
      child?.kill("SIGKILL");
    },
  });
  await using server = await messagesServer({ routes: [batches.route], log: false });
  const folder = join(scratch, "ledger");
  const run = async (at?: typeof point) => {
    point = at;
    child = spawn(process.execPath, [program.path, server.url, folder, String(count)], { stdio: "inherit" });
    const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) =>
      child?.once("close", (...how) => done(how)),
    );
    return { status, signal };
  };
  for (let n = 0; n < kills; n++) {
    const [kind, most] = steps[n % steps.length] as (typeof steps)[number];
    const at = { kind, nth: 1 + random.integer(most), left: patience };
    expect(await run(at)).toEqual({ status: null, signal: "SIGKILL" });
  }
  expect(await run()).toEqual({ status: 0, signal: null });
  expect(killedAt).toHaveLength(kills);
  expect(new Set(killedAt).size).toBeGreaterThanOrEqual(4);
  batches.endAll();
  expect(batches.billed.size).toBe(count);
  expect([...batches.billed].filter(([, times]) => times > 1)).toEqual([]);
  const ledger = openLedgerFile(folder);
  expect(ledger.row("SELECT count(DISTINCT key), count(*) FROM call WHERE reply IS NOT NULL")).toEqual([
    count,
    count,
  ]);
  expect(ledger.row("PRAGMA integrity_check")).toEqual(["ok"]);
}, 300_000);
