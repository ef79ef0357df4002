import { appendFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileError, ModelCallError } from "../../src/errors.js";
import { openLedger, requestKey } from "../../src/llm/ledger.js";
import { noUsage, type TextModel, type TextRequest } from "../../src/llm/text-model.js";
import { withLedger } from "../../src/llm/with-ledger.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "saelab-ledger-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function request(content: string): TextRequest {
  return { system: "s", messages: [{ role: "user", content }], maxTokens: 10 };
}

/** Answers with the number of the call. */
function counting(delayMs = 0): TextModel & { calls: number } {
  const model = {
    name: "counter",
    calls: 0,
    async complete() {
      model.calls++;
      const text = `reply ${model.calls}`;
      if (delayMs) await new Promise((done) => setTimeout(done, delayMs));
      return { text, stop: "end" as const, usage: noUsage, model: "counter" };
    },
  };
  return model;
}

describe("withLedger()", () => {
  it("makes no call in a second run, and gives the same replies", async () => {
    const first = counting();
    const asked = withLedger(first, folder);
    const replies = await Promise.all(["a", "b", "c"].map((q) => asked.complete(request(q))));
    const second = counting();
    const again = await Promise.all(
      ["c", "a", "b"].map((q) => withLedger(second, folder).complete(request(q))),
    );
    expect(first.calls).toBe(3);
    expect(second.calls).toBe(0);
    expect(again.map(({ text }) => text)).toEqual([2, 0, 1].map((i) => replies[i]?.text));
  });

  it("makes one call for equal requests at the same time", async () => {
    const model = counting(20);
    const asked = withLedger(model, folder);
    const replies = await Promise.all(Array.from({ length: 5 }, () => asked.complete(request("same"))));
    expect(model.calls).toBe(1);
    expect(new Set(replies.map(({ text }) => text))).toEqual(new Set(["reply 1"]));
  });

  it("asks itself when the caller that it waited for gives up", async () => {
    const model = counting(30);
    const slow: TextModel = {
      name: model.name,
      async complete(r, { signal } = {}) {
        const reply = await model.complete(r);
        signal?.throwIfAborted();
        return reply;
      },
    };
    const asked = withLedger(slow, folder);
    const controller = new AbortController();
    const first = asked.complete(request("same"), { signal: controller.signal }).catch(() => "gave up");
    const second = asked.complete(request("same"));
    setTimeout(() => controller.abort(), 10);
    expect(await first).toBe("gave up");
    expect((await second).text).toBe("reply 2");
  });

  it("keeps refusals and cut replies, and records failed calls without answering from them", async () => {
    let calls = 0;
    const model: TextModel = {
      name: "m",
      async complete() {
        calls++;
        if (calls === 1) throw new ModelCallError("Cannot get an answer", "call", 413);
        return { text: "", stop: "refused", usage: noUsage, model: "m" };
      },
    };
    await expect(withLedger(model, folder).complete(request("a"))).rejects.toThrow("Cannot get an answer");
    expect((await withLedger(model, folder).complete(request("a"))).stop).toBe("refused");
    expect((await withLedger(model, folder).complete(request("a"))).stop).toBe("refused");
    expect(calls).toBe(2);
    const lines = (await readFile(join(folder, "replies.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual([
      ["key", "model", "request", "at", "failure"],
      ["key", "model", "request", "at", "reply"],
    ]);
  });
});

describe("openLedger()", () => {
  async function filled(n: number): Promise<string> {
    const asked = withLedger(counting(), folder);
    for (let i = 0; i < n; i++) await asked.complete(request(`q${i}`));
    return join(folder, "replies.jsonl");
  }

  it("cuts off a half-written last line at any byte, and the file can be appended to", async () => {
    const path = await filled(3);
    const whole = await readFile(path);
    const end = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (const cut of [end + 1, end + 17, Math.floor((end + whole.length) / 2), whole.length - 2]) {
      await writeFile(path, whole.subarray(0, cut));
      const ledger = await openLedger(folder);
      expect([ledger.size, ledger.damaged]).toEqual([2, 0]);
      const model = counting();
      await withLedger(model, folder).complete(request("q2"));
      expect(model.calls).toBe(1);
      expect((await openLedger(folder)).size).toBe(3);
    }
  });

  it("keeps a last line that lacks nothing but its end", async () => {
    const path = await filled(2);
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, -1));
    expect((await openLedger(folder)).size).toBe(2);
    await filled(3);
    expect((await openLedger(folder)).size).toBe(3);
  });

  it("passes over a damaged line in the middle and counts it", async () => {
    const path = await filled(1);
    await appendFile(path, "not json\n");
    const model = counting();
    await withLedger(model, folder).complete(request("later"));
    const ledger = await openLedger(folder);
    expect([ledger.size, ledger.damaged]).toEqual([2, 1]);
  });

  it("repairs a last line that is longer than one read", async () => {
    const path = await filled(1);
    await appendFile(path, `{"key":"x","half":"${"y".repeat(200_000)}`);
    expect((await openLedger(folder)).size).toBe(1);
    expect((await readFile(path, "utf8")).endsWith("}\n")).toBe(true);
  });

  it("goes on after a failed write without losing what comes later", async () => {
    const path = await filled(1);
    const ledger = await openLedger(folder);
    const record = (key: string) => {
      const reply = { text: key, stop: "end" as const, usage: noUsage, model: "m" };
      return { key, at: "", model: "m", request: request(key), reply };
    };
    await rename(path, `${path}.away`);
    await mkdir(path);
    await expect(ledger.put(record("lost"))).rejects.toThrow(
      /^Cannot write to the ledger ".*": .*; make room there and run again$/,
    );
    await rm(path, { recursive: true });
    await rename(`${path}.away`, path);
    await appendFile(path, '{"key":"half');
    await ledger.put(record("kept"));
    const again = await openLedger(folder);
    expect([again.size, again.damaged, again.get("kept")?.text]).toEqual([2, 1, "kept"]);
  });

  it("names the file when it cannot be opened", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(openLedger(join(folder, "file"))).rejects.toThrow(FileError);
  });
});

describe("requestKey()", () => {
  it("does not depend on the order of properties, and does on everything that is sent", () => {
    const a = request("a");
    const turned = { maxTokens: 10, messages: [{ content: "a", role: "user" as const }], system: "s" };
    expect(requestKey("m", turned)).toBe(requestKey("m", a));
    const others = [
      requestKey("n", a),
      requestKey("m", request("b")),
      requestKey("m", { ...a, maxTokens: 11 }),
      requestKey("m", { ...a, system: "t" }),
      requestKey("m", { ...a, temperature: 0 }),
    ];
    expect(new Set([requestKey("m", a), ...others]).size).toBe(6);
  });
});
