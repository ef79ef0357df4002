import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { modelFromName } from "../../src/llm/model-from-name.js";
import { openAICompatible } from "../../src/llm/openai-compatible.js";
import type { TextModel } from "../../src/llm/text-model.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { openAIServer } from "../servers/openai-server.js";

afterEach(() => void vi.unstubAllEnvs());

describe("modelFromName()", () => {
  it.each([
    ["pattern", "pattern"],
    ["claude", "claude-haiku-5-5"],
    ["claude-opus-5-5", "claude-opus-5-5"],
    ["openai:gpt-x", "gpt-x"],
    ["openai:http://127.0.0.1:1/v1#org/model:7b#2", "org/model:7b#2"],
  ])("%s", (name, model) => {
    vi.stubEnv("ANTHROPIC_API_KEY", "sk-test");
    vi.stubEnv("OPENAI_API_KEY", "sk-test");
    expect(modelFromName(name).name).toMatch(new RegExp(`^${model}`));
  });

  it("asks the server that the name says", async () => {
    await using server = await openAIServer({ answer: (question) => `${question}!` });
    const llm = modelFromName(`openai:${server.url}/v1#rules`);
    const messages = [{ role: "user", content: "hello" }] as const;
    expect((await llm.complete({ system: "", messages, maxTokens: 5 })).text).toBe("hello!");
  });

  it("gives a server's model room to think, and no other", async () => {
    await using server = await openAIServer({ thinks: 300 });
    const llm = modelFromName(`openai:${server.url}/v1#rules`, { roomToThink: 400 });
    const messages = [{ role: "user", content: "hello" }] as const;
    expect((await llm.complete({ system: "", messages, maxTokens: 5 })).stop).toBe("end");
    expect(server.requests[0]?.body.max_tokens).toBe(405);
    for (const name of ["pattern", "claude", "claude-opus-5-5"]) {
      expect(() => modelFromName(name, { roomToThink: 400 })).toThrow(
        `Cannot give "${name}" room to think: only openai: models take it; leave it out`,
      );
    }
  });

  it("tells by their room which replies of a ledger are meant", async () => {
    await using server = await openAIServer({ thinks: 300 });
    const place = mkdtempSync(join(tmpdir(), "saelab-name-"));
    const messages = [{ role: "user", content: "hello" }] as const;
    const stopOf = async (llm: TextModel) =>
      (await llm.complete({ system: "", messages, maxTokens: 5 })).stop;
    const quiet = { baseURL: `${server.url}/v1`, model: "rules", onWarning: () => {} };
    for (const roomToThink of [0, 400]) {
      await stopOf(withLedger(openAICompatible({ ...quiet, roomToThink }), place));
    }
    expect(() => modelFromName(`replay:${place}`)).toThrow(/"roomToThink":400/);
    expect(await stopOf(modelFromName(`replay:${place}`, { roomToThink: 400 }))).toBe("end");
    rmSync(place, { recursive: true, force: true });
  });

  it.each(["", "gpt", "openai:", "openai:http://127.0.0.1/v1", "replay:"])("refuses %j", (name) => {
    expect(() => modelFromName(name)).toThrow(SyntaxError);
  });

  it("says that a ledger is missing", () => {
    expect(() => modelFromName("replay:/nowhere/ledger.sqlite")).toThrow(/nowhere/);
  });
});
