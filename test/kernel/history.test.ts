import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { History } from "../../kernel/src/history.js";
import { KernelClient } from "./kernel-client.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "saelab-history-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A session of an earlier kernel. */
function earlier(name: string, inputs: readonly string[]): void {
  const lines = inputs.map((input, i) => JSON.stringify({ line: i + 1, input, output: `out of ${input}` }));
  writeFileSync(join(folder, `${name}.jsonl`), `${lines.join("\n")}\n`);
}

const tail = (history: History, n = 10) =>
  history.answer({ hist_access_type: "tail", n, output: false }).history;

describe("History", () => {
  it("knows earlier sessions, in their order, and counts back from its own", () => {
    earlier("2", ["b1"]);
    earlier("1", ["a1", "a2"]);
    const history = new History(folder);
    history.add(1, "own");
    expect(tail(history)).toEqual([
      [1, 1, "a1"],
      [1, 2, "a2"],
      [2, 1, "b1"],
      [3, 1, "own"],
    ]);
    const range = { hist_access_type: "range", session: -1, start: 1, stop: 5, output: true };
    expect(history.answer(range).history).toEqual([[2, 1, ["b1", "out of b1"]]]);
  });

  it("gives to the next kernel what it stored, for the user's eyes only", () => {
    const history = new History(folder);
    const entry = history.add(1, "x = 1");
    entry.output = "1";
    history.store(entry);
    const answer = new History(folder).answer({ hist_access_type: "search", pattern: "x*", output: true });
    expect(answer.history).toEqual([[1, 1, ["x = 1", "1"]]]);
    const [file = ""] = readdirSync(folder);
    if (process.platform !== "win32") expect(statSync(join(folder, file)).mode & 0o077).toBe(0);
  });

  it("leaves out a line that a crash cut off, and lives without a folder that can be written", () => {
    earlier("1", ["a1"]);
    appendFileSync(join(folder, "1.jsonl"), '{"line":2,"inp');
    expect(tail(new History(folder))).toEqual([[1, 1, "a1"]]);
    writeFileSync(join(folder, "file"), "");
    const broken = new History(join(folder, "file"));
    broken.store(broken.add(1, "kept here"));
    expect(tail(broken)).toEqual([[1, 1, "kept here"]]);
  });

  it("keeps a hundred sessions, and long outputs cut", () => {
    for (let i = 0; i < 120; i++) earlier(String(i).padStart(3, "0"), ["1"]);
    const history = new History(folder);
    const entry = history.add(1, "long");
    entry.output = "x".repeat(50_000);
    history.store(entry);
    const files = readdirSync(folder).sort();
    expect(files.length).toBe(100);
    expect(readFileSync(join(folder, files.at(-1) ?? ""), "utf8").length).toBeLessThan(11_000);
    expect(files[0]).toBe("021.jsonl");
  });
});

describe("history_request", () => {
  it("finds what an earlier kernel of the same user ran, and nothing that was not to be stored", async () => {
    const first = await KernelClient.start();
    await first.execute("'from the first'");
    await first.execute("'not stored'", { store_history: false });
    await first.execute("'silent'", { silent: true });
    // Two kernels at the same time, as two notebooks have them.
    const second = await KernelClient.start({ after: first, ports: "own" });
    await second.execute("'from the second'");
    const { content } = await second.request("history_request", {
      hist_access_type: "tail",
      n: 10,
      output: true,
      raw: true,
    });
    expect(content).toEqual({
      status: "ok",
      history: [
        [1, 1, ["'from the first'", "'from the first'"]],
        [2, 1, ["'from the second'", "'from the second'"]],
      ],
    });
    await second.stop();
    await first.stop();
  });
});
