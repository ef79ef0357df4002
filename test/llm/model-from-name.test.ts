import { afterEach, describe, expect, it, vi } from "vitest";
import { modelFromName } from "../../src/llm/model-from-name.js";
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

  it.each(["", "gpt", "openai:", "openai:http://127.0.0.1/v1", "replay:"])("refuses %j", (name) => {
    expect(() => modelFromName(name)).toThrow(SyntaxError);
  });

  it("says that a ledger is missing", () => {
    expect(() => modelFromName("replay:/nowhere/ledger.sqlite")).toThrow(/nowhere/);
  });
});
