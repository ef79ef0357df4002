import { spawnSync } from "node:child_process";
import { getEventListeners } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import fc from "fast-check";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jupyterDisplay } from "../../src/display.js";
import { ModelCallError } from "../../src/errors.js";
import { ask } from "../../src/llm/ask.js";
import { openDatabase } from "../../src/llm/database.js";
import { exportLedger } from "../../src/llm/export-ledger.js";
import { openLedger, openLedgerFile } from "../../src/llm/ledger.js";
import { ledgerSummary } from "../../src/llm/ledger-summary.js";
import { replay } from "../../src/llm/replay.js";
import { addressRequest } from "../../src/llm/request-key.js";
import type { TextModel, TextRequest } from "../../src/llm/text-model.js";
import { withLedger } from "../../src/llm/with-ledger.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "saelab-ledger-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function request(content: string): TextRequest {
  return { system: "s", messages: [{ role: "user", content }], maxTokens: 10 };
}

function addressed(content: string) {
  return addressRequest("m", request(content));
}

const usage = { inputTokens: 50_000, outputTokens: 100, cachedInputTokens: 0 };

function reply(text: string) {
  return { text, stop: "end" as const, usage, model: "m" };
}

/** Answers with the number of the call. */
function counting(name = "counter"): TextModel & { calls: number } {
  const model = {
    name,
    calls: 0,
    complete: async () => ({ ...reply(`reply ${++model.calls}`), model: name }),
  };
  return model;
}

describe("withLedger()", () => {
  it("makes no call in a second run, and gives the same replies", async () => {
    const first = counting();
    const asked = withLedger(first, folder);
    const replies = await Promise.all(["a", "b", "c"].map((q) => asked.complete(request(q))));
    const second = counting();
    const again = withLedger(second, folder);
    const found = await Promise.all(["c", "a", "b"].map((q) => again.complete(request(q))));
    expect([first.calls, second.calls]).toEqual([3, 0]);
    expect(found.map(({ text }) => text)).toEqual([2, 0, 1].map((i) => replies[i]?.text));
    expect(found[0]).toMatchObject({ stop: "end", usage, model: "counter" });
    expect(readdirSync(folder)).toContain("ledger.sqlite");
  });

  it("makes one call for equal requests at the same time", async () => {
    const model = counting();
    const asked = withLedger(model, folder);
    const replies = await Promise.all(Array.from({ length: 5 }, () => asked.complete(request("same"))));
    expect(model.calls).toBe(1);
    expect(new Set(replies.map(({ text }) => text))).toEqual(new Set(["reply 1"]));
  });

  it("asks itself when the caller that it waited for gives up", async () => {
    const model = counting();
    let begun = () => {};
    const underWay = new Promise<void>((done) => {
      begun = done;
    });
    const slow: TextModel = {
      name: model.name,
      async complete(r, { signal } = {}) {
        const answer = await model.complete(r);
        begun();
        if (model.calls === 1) await new Promise((done) => signal?.addEventListener("abort", done));
        signal?.throwIfAborted();
        return answer;
      },
    };
    const asked = withLedger(slow, folder);
    const controller = new AbortController();
    const first = asked.complete(request("same"), { signal: controller.signal }).catch(() => "gave up");
    const second = asked.complete(request("same"));
    await underWay;
    controller.abort();
    expect(await first).toBe("gave up");
    expect((await second).text).toBe("reply 2");
  });

  it("lets go at once of a caller who gives up while an equal request is under way", async () => {
    let answer = (_: ReturnType<typeof reply>) => {};
    const slow = new Promise<ReturnType<typeof reply>>((done) => {
      answer = done;
    });
    const asked = withLedger({ name: "m", complete: () => slow }, folder);
    const first = asked.complete(request("same"));
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = Array.from({ length: 20 }, () => asked.complete(request("same"), { signal }));
    controller.abort(new Error("enough"));
    const ends = await Promise.allSettled(waiting);
    expect(new Set(ends.map((end) => end.status === "rejected" && end.reason))).toEqual(
      new Set([signal.reason]),
    );
    answer(reply("late"));
    expect((await first).text).toBe("late");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("keeps refusals and cut replies, and records failed calls without answering from them", async () => {
    let calls = 0;
    const model: TextModel = {
      name: "m",
      async complete() {
        if (++calls === 1) throw new ModelCallError("Cannot get an answer", "call", 413);
        return { ...reply(""), stop: "refused" };
      },
    };
    const asked = withLedger(model, folder);
    await expect(asked.complete(request("a"))).rejects.toThrow("Cannot get an answer");
    expect((await asked.complete(request("a"))).stop).toBe("refused");
    expect((await asked.complete(request("a"))).stop).toBe("refused");
    expect(calls).toBe(2);
    const rows = openLedgerFile(folder).rows("SELECT reply, stop, failure FROM call ORDER BY id");
    expect(rows).toEqual([
      [null, null, "Cannot get an answer"],
      ["", "refused", null],
    ]);
  });

  it("reads a kept reply again when the parser is a new one, and pays nothing for that", async () => {
    const model = counting();
    const llm = withLedger(model, folder);
    const strict = (text: string) => {
      throw new SyntaxError(`Cannot read "${text}"`);
    };
    const first = await ask(llm, request("a"), { read: strict, parser: "words 1" });
    expect(first.outcome.status).toBe("unparsed");
    const second = await ask(llm, request("a"), { read: (text) => text.length, parser: "words 2" });
    expect(second.outcome).toEqual({ status: "ok", value: 7 });
    expect(model.calls).toBe(1);
    await expect
      .poll(() => openLedgerFile(folder).rows("SELECT parser, status, reason FROM outcome ORDER BY parser"))
      .toEqual([
        ["words 1", "unparsed", 'Cannot read "reply 1"'],
        ["words 2", "ok", null],
      ]);
  });

  it("serves several processes at the same time, and each finds what the others kept", async () => {
    const script = join(import.meta.dirname, "write-ledger.ts");
    const runs = await Promise.all(
      ["a", "b", "c"].map((name) => run(process.execPath, ["--import", "tsx", script, folder, name, "200"])),
    );
    expect(runs).toEqual([0, 0, 0]);
    const ledger = openLedger(folder);
    const found = ["a", "b", "c"].flatMap((name) =>
      Array.from({ length: 200 }, (_, i) => ledger.find(addressed(`${name} ${i}`).key)),
    );
    expect(found.filter((kept) => kept === undefined)).toEqual([]);
    expect(openLedgerFile(folder).row("PRAGMA integrity_check")).toEqual(["ok"]);
  }, 60_000);
});

describe("the file", () => {
  async function filled(...questions: string[]): Promise<string> {
    const ledger = openLedger(folder);
    await Promise.all(questions.map((q) => ledger.keep({ asked: addressed(q), reply: reply(q) })));
    return join(folder, "ledger.sqlite");
  }

  it("keeps once what all requests begin with", async () => {
    const ledger = openLedger(folder);
    const long = (i: number) => ({ ...request(`q${i}`), system: "x".repeat(10_000) });
    const asked = Array.from({ length: 300 }, (_, i) => addressRequest("m", long(i)));
    await Promise.all(asked.map((one) => ledger.keep({ asked: one, reply: reply("r") })));
    const [pages] =
      openLedgerFile(folder).row("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size") ??
      [];
    expect(pages as number).toBeLessThan(300 * 1_000);
  });

  it("holds no write-ahead log once the process has ended", () => {
    const script = join(import.meta.dirname, "write-ledger.ts");
    const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", script, folder, "a", "3"]);
    expect([status, String(stderr)]).toEqual([0, ""]);
    expect(readdirSync(folder)).toEqual(["ledger.sqlite"]);
  }, 60_000);

  it("says what to do when it is damaged, and leaves it where it is", async () => {
    const path = join(folder, "ledger.sqlite");
    writeFileSync(path, "this is no database, whatever its name says. ".repeat(100));
    const before = readFileSync(path);
    await expect(withLedger(counting(), folder).complete(request("a"))).rejects.toThrow(
      /^Cannot use ".*ledger\.sqlite": .*; it is damaged: put a copy in its place, or rename it to begin a new one$/,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("is never read wrongly where its pages are damaged", async () => {
    const path = await filled(...Array.from({ length: 400 }, (_, i) => `question ${i}`));
    const copy = join(folder, "copy.sqlite");
    openLedgerFile(folder).row(`VACUUM INTO '${copy}'`);
    const bytes = readFileSync(copy);
    bytes.fill(0xa5, 4096 * 2);
    writeFileSync(copy, bytes);
    expect(() => openLedger(copy).find(addressed("question 7").key)).toThrow(/it is damaged: put a copy/);
    expect(openLedger(path).find(addressed("question 7").key)?.reply.text).toBe("question 7");
  });

  it("is not taken from another program", () => {
    const path = join(folder, "other.sqlite");
    const script = `const D = require("libsql"); new D(process.argv[1]).exec("CREATE TABLE theirs (x)")`;
    spawnSync(process.execPath, ["-e", script, path], { cwd: join(import.meta.dirname, "../..") });
    expect(() => openLedger(path).find("")).toThrow(/another program made it; choose another file/);
  });

  it("is not read where it is of a newer version", async () => {
    const path = await filled("a");
    const copy = join(folder, "newer.sqlite");
    openLedgerFile(path).row(`VACUUM INTO '${copy}'`);
    const bytes = readFileSync(copy);
    bytes.writeUInt32BE(99, 60);
    writeFileSync(copy, bytes);
    expect(() => openLedger(copy).find("")).toThrow(/its version is 99, this saelab knows 1; update saelab/);
  });

  it("says so when its place cannot be one", async () => {
    writeFileSync(join(folder, "file"), "");
    const llm = withLedger(counting(), join(folder, "file"));
    await expect(llm.complete(request("a"))).rejects.toThrow(/^Cannot use ".*file.ledger\.sqlite": /);
  });

  it.runIf(process.platform === "linux")(
    "loses nothing on a full disk: what could not be written is written when there is room",
    () => {
      const script = join(import.meta.dirname, "full-disk.ts");
      // A process may make no file larger than this: writes fail as on a full disk.
      const limited = `ulimit -S -f 200 && exec "${process.execPath}" --import tsx "${script}" "${folder}"`;
      const { stdout, stderr } = spawnSync("bash", ["-c", limited], { encoding: "utf8" });
      expect(stderr).toBe("");
      const { error, again, calls, kept } = JSON.parse(stdout);
      expect(error).toMatch(/^Cannot use ".*ledger\.sqlite": .*; make room there and run again$/);
      expect(again).toBe(error);
      // Every reply was paid for once, and every one of them is on disk in the end.
      expect(kept).toBe(calls);
      expect(openLedgerFile(folder).row("PRAGMA integrity_check")).toEqual(["ok"]);
    },
    60_000,
  );

  it("gives back any text as it was, whatever characters it holds", async () => {
    const odd = fc.constantFrom("\0", "\ud83d", "\ude00", "\u{ffff}", "\ufeff", '"', "a", "😀");
    const text = fc.oneof(fc.string({ unit: odd }), fc.string({ unit: "binary" }));
    const path = join(folder, "any.sqlite");
    let models = 0;
    const keepAndFind = async ([system, content, said]: string[]) => {
      const asked = { ...request(content as string), system: system as string };
      const model = `m ${++models}`;
      const complete = async () => reply(said as string);
      await withLedger({ name: model, complete }, path).complete(asked);
      expect((await replay(path, { model }).complete(asked)).text).toBe(said);
      const sql = "SELECT question, body FROM call JOIN preamble ON preamble.key = preamble WHERE model = ?";
      expect(openLedgerFile(path).row(sql, model)).toEqual([content, JSON.stringify([system, []])]);
    };
    // Many at a time, so that they are written together.
    const calls = fc.array(fc.array(text, { minLength: 3, maxLength: 3 }), { minLength: 10, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(calls, (all) => Promise.all(all.map(keepAndFind)).then(() => {})),
      {
        examples: [
          [
            [
              ["\0", "a\0b", "c\0d"],
              ["", "\ud83d", "\ude00 "],
              ["", "b", '\u{ffff}"x"'],
            ],
          ],
        ],
        numRuns: 6,
      },
    );
  });

  it("is written all or not at all, and goes on after an error in a statement", () => {
    const path = join(folder, "plain.sqlite");
    const database = openDatabase(path, { schema: { t: "CREATE TABLE IF NOT EXISTS t (x INTEGER UNIQUE)" } });
    database.transaction((write) => write("INSERT INTO t VALUES (?)", 1));
    const twice = () =>
      database.transaction((write) => {
        write("INSERT INTO t VALUES (?)", 2);
        write("INSERT INTO t VALUES (?)", 1);
      });
    expect(twice).toThrow(/UNIQUE/);
    expect(database.rows("SELECT x FROM t")).toEqual([[1]]);
    database.transaction((write) => write("INSERT INTO t VALUES (?)", 3));
    expect(database.rows("SELECT x FROM t")).toEqual([[1], [3]]);
  });
});

describe("replay()", () => {
  it("answers from a shipped file, without a key, and names what it lacks as a failure of that question", async () => {
    const path = join(folder, "notebook.sqlite");
    const llm = withLedger(counting("claude-haiku-5-5"), path);
    await llm.complete(request("a"));
    const shipped = join(folder, "shipped.sqlite");
    openLedgerFile(path).row(`VACUUM INTO '${shipped}'`);
    const offline = replay(shipped);
    expect(offline.name).toBe("claude-haiku-5-5");
    expect(await offline.complete(request("a"))).toMatchObject({ text: "reply 1", usage });
    const { outcome } = await ask(offline, request("b"), { read: (text) => text, parser: "words 1" });
    expect(outcome).toMatchObject({ status: "failed" });
    expect(outcome.status === "failed" && outcome.reason).toMatch(
      /^Cannot answer as "claude-haiku-5-5" from ".*shipped\.sqlite": this question is not in the ledger; use/,
    );
  });

  it("writes nothing, not even what came of a reply", async () => {
    const path = join(folder, "notebook.sqlite");
    await withLedger(counting(), path).complete(request("a"));
    const shipped = join(folder, "shipped.sqlite");
    openLedgerFile(path).row(`VACUUM INTO '${shipped}'`);
    const before = readFileSync(shipped);
    await ask(replay(shipped), request("a"), { read: (text) => text, parser: "words 1" });
    expect(readFileSync(shipped).equals(before)).toBe(true);
  });

  it("asks which model is meant where there are several, and what is wrong where there is none", async () => {
    expect(() => replay(join(folder, "none.sqlite"))).toThrow(/there is no such file; check the path/);
    expect(existsSync(join(folder, "none.sqlite"))).toBe(false);
    openLedger(folder).find("");
    expect(() => replay(folder)).toThrow(/it holds no replies; make them with withLedger\(\)/);
    for (const name of ["a", "b"]) await withLedger(counting(name), folder).complete(request("q"));
    expect(() => replay(folder)).toThrow(/it holds replies of "a", "b"; name one of these as model/);
    expect(() => replay(folder, { model: "c" })).toThrow(/as "c": it holds/);
    expect((await replay(folder, { model: "b" }).complete(request("q"))).model).toBe("b");
  });
});

describe("ledgerSummary()", () => {
  async function mixed() {
    const replies = [reply("1"), reply("2"), { ...reply("x"), stop: "truncated" as const }, reply("3")];
    const model: TextModel = {
      name: "claude-haiku-5-5",
      async complete({ messages }) {
        const one = replies[Number(messages[0]?.content)];
        if (!one) throw new ModelCallError("Cannot get an answer", "call");
        return { ...one, model: "claude-haiku-5-5", latencyMs: 10 * (1 + Number(messages[0]?.content)) };
      },
    };
    const llm = withLedger(model, folder);
    const read = (text: string) => {
      if (text === "2") throw new SyntaxError("no");
      return text;
    };
    for (const q of ["0", "1", "2", "9"]) await ask(llm, request(q), { read, parser: "words 1" });
    await llm.complete(request("3"));
    await expect.poll(() => openLedgerFile(folder).row("SELECT count(*) FROM outcome")).toEqual([3]);
  }

  it("counts each call once, with what came of it, tokens, dollars and times", async () => {
    await mixed();
    const summary = ledgerSummary(folder);
    expect(summary.models).toEqual([
      {
        model: "claude-haiku-5-5",
        calls: 5,
        outcomes: { ok: 1, unparsed: 1, truncated: 1, failed: 1, unread: 1 },
        inputTokens: 200_000,
        outputTokens: 400,
        cachedInputTokens: 0,
        dollars: expect.closeTo(4 * (50_000 * 0.1e-6 + 100 * 0.5e-6), 10),
        latencyMs: { p50: 20, p95: 40 },
      },
    ]);
    expect(summary[jupyterDisplay]()).toEqual({ "text/plain": summary.text });
    expect(summary.text).toMatch(
      /^claude-haiku-5-5: 5 calls · .*1 unread.* · 200,000 input tokens .* · \$0\.0202/,
    );
  });

  it.each(["parquet", "arrow"])("exports the same calls as %s", async (kind) => {
    await mixed();
    const path = join(folder, "out", `calls.${kind}`);
    await exportLedger(folder, path);
    const rows: Record<string, unknown>[] =
      kind === "arrow"
        ? tableFromIPC(readFileSync(path))
            .toArray()
            .map((row) => row.toJSON())
        : await parquetReadObjects({ file: await asyncBufferFromFile(path) });
    expect(rows.map(({ question, outcome, reply: said }) => [question, outcome, said])).toEqual([
      ["0", "ok", "1"],
      ["1", "unparsed", "2"],
      ["2", "truncated", "x"],
      ["9", null, null],
      ["3", null, "3"],
    ]);
    expect(rows[1]).toMatchObject({
      id: 2n,
      model: "claude-haiku-5-5",
      preamble: '["s",[]]',
      parameters: '{"maxTokens":10}',
      input_tokens: 50_000n,
      latency_ms: 20,
      reason: "no",
      failure: null,
    });
    expect(rows[0]?.key).toBe(addressRequest("claude-haiku-5-5", request("0")).key);
    expect(readdirSync(join(folder, "out"))).toEqual([`calls.${kind}`]);
  });

  it("refuses a form that it does not know", async () => {
    await expect(exportLedger(folder, "x.csv")).rejects.toThrow(/ends in \.parquet or \.arrow/);
  });
});

describe("addressRequest()", () => {
  it("gives the addresses under which ledgers of earlier versions are kept", () => {
    const messages = [
      { role: "user" as const, content: "x" },
      { role: "assistant" as const, content: "y" },
      { role: "user" as const, content: "q" },
    ];
    const asked = { system: "s", messages, maxTokens: 10 };
    const key = "83080e91da1407f92bb5cf0fbb93a2bc951325985028dca5ee01be95f8b30869";
    expect(addressRequest("claude-haiku-5-5", asked).key).toBe(key);
    expect(addressRequest("claude-haiku-5-5", asked, {}).key).toBe(key);
    expect(addressRequest("claude-haiku-5-5", asked, { server: "s" }).key).not.toBe(key);
  });

  it("does not depend on the order of properties, and does on everything that is sent", () => {
    const a = request("a");
    const turned = { maxTokens: 10, messages: [{ content: "a", role: "user" as const }], system: "s" };
    const key = (model: string, sent: TextRequest) => addressRequest(model, sent).key;
    expect(key("m", turned)).toBe(key("m", a));
    expect(key("m", { ...a, temperature: undefined })).toBe(key("m", a));
    const shots = [
      { role: "user" as const, content: "x" },
      { role: "assistant" as const, content: "y" },
      ...a.messages,
    ];
    const others = [
      key("n", a),
      key("m", request("b")),
      key("m", { ...a, maxTokens: 11 }),
      key("m", { ...a, system: "t" }),
      key("m", { ...a, temperature: 0 }),
      key("m", { ...a, messages: shots }),
    ];
    expect(new Set([key("m", a), ...others]).size).toBe(7);
  });
});

async function run(command: string, args: string[]): Promise<number | null> {
  const { spawn } = await import("node:child_process");
  return await new Promise((done) => spawn(command, args, { stdio: "inherit" }).once("exit", done));
}
