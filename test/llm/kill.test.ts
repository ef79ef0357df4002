import { spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLedgerFile } from "../../src/llm/ledger.js";
import { seededRandom } from "../../src/random.js";
import { type BundledProgram, bundledProgram } from "../bundled-program.js";
import { lastQuestion, type MessagesServer, messagesServer } from "../servers/messages-server.js";

const count = 3_000;
const kills = 20;
let scratch: string;
let program: BundledProgram;
let server: MessagesServer;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "saelab-kill-"));
  server = await messagesServer({ answer: (question) => `answer to ${question}` });
  program = await bundledProgram(join(import.meta.dirname, "kill-run.ts"));
});

afterAll(async () => {
  await server?.close();
  await program?.remove();
  await rm(scratch, { recursive: true, force: true });
});

interface Run {
  /** Questions of which the program said that they were answered. */
  readonly acknowledged: ReadonlySet<number>;
  readonly signal: NodeJS.Signals | null;
  readonly status: number | null;
}

/** Runs the program; kills it once the server has been asked `until` times in all. */
async function run(folder: string, until: number): Promise<Run> {
  const child = spawn(process.execPath, [program.path, server.url, folder, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const watch = setInterval(() => {
    if (server.requests.length >= until) child.kill("SIGKILL");
  }, 1);
  const ended = await new Promise<[number | null, NodeJS.Signals | null]>((done) =>
    child.once("close", (...how) => done(how)),
  );
  clearInterval(watch);
  // The last line may be cut short.
  const acknowledged = new Set(said.split("\n").slice(0, -1).map(Number));
  return { acknowledged, status: ended[0], signal: ended[1] };
}

/** How often each question was sent, from the `from`th request on. */
function sent(from: number): Map<number, number> {
  const times = new Map<number, number>();
  for (const { body } of server.requests.slice(from)) {
    const question = Number(lastQuestion(body).slice("question ".length));
    times.set(question, (times.get(question) ?? 0) + 1);
  }
  return times;
}

function kept(folder: string): Set<number> {
  const rows = openLedgerFile(folder).rows("SELECT question FROM call WHERE reply IS NOT NULL");
  const questions = rows.map(([question]) => Number(String(question).slice("question ".length)));
  // Nothing is kept twice.
  expect(new Set(questions).size).toBe(questions.length);
  return new Set(questions);
}

describe("a run of 3,000 calls that is killed 20 times", () => {
  it("ends with all done, none sent again whose reply was kept, and the ledger whole", async () => {
    const folder = join(scratch, "ledger");
    const points = seededRandom("kill").sample(
      Array.from({ length: count }, (_, i) => i),
      kills,
    );
    let [killed, lost] = [0, 0];
    for (const until of points.sort((a, b) => a - b)) {
      const from = server.requests.length;
      const before = from > 0 ? kept(folder) : new Set<number>();
      const { acknowledged, signal } = await run(folder, Math.max(until, from + 1));
      expect(signal).toBe("SIGKILL");
      killed++;
      // What it had on disk when it began was not asked for again.
      const asked = sent(from);
      expect([...asked.keys()].filter((question) => before.has(question))).toEqual([]);
      // Whatever it had said was answered is on disk.
      const after = kept(folder);
      expect([...acknowledged].filter((question) => !after.has(question))).toEqual([]);
      const unkept = [...asked.keys()].filter((question) => !after.has(question)).length;
      // Only what was under way at the kill was lost: as much as may be under way, and what waited for the disk.
      expect(unkept).toBeLessThanOrEqual(64);
      lost += unkept;
    }
    const last = await run(folder, Number.POSITIVE_INFINITY);
    expect(last).toMatchObject({ status: 0, signal: null });
    expect(last.acknowledged.size).toBe(count);
    expect(kept(folder).size).toBe(count);
    expect(killed).toBe(kills);
    // Sent more than once were those alone that had been under way at a kill.
    expect(server.requests.length - count).toBe(lost);
    expect(openLedgerFile(folder).row("PRAGMA integrity_check")).toEqual(["ok"]);

    const calls = server.requests.length;
    expect(await run(folder, Number.POSITIVE_INFINITY)).toMatchObject({ status: 0 });
    expect(server.requests.length).toBe(calls);
    // The one file is all of it: what SQLite keeps beside it while it is open is not needed.
    const shipped = join(scratch, "shipped");
    await mkdir(shipped);
    await copyFile(join(folder, "ledger.sqlite"), join(shipped, "ledger.sqlite"));
    expect(kept(shipped).size).toBe(count);
  }, 300_000);
});
