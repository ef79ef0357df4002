/** Replies of real calls over the network: kept under all that they hang on, and found again when the server is gone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAICompatible } from "../../src/llm/openai-compatible.js";
import { replay } from "../../src/llm/replay.js";
import type { TextRequest } from "../../src/llm/text-model.js";
import { withLedger } from "../../src/llm/with-ledger.js";
import { type OpenAIServer, openAIServer } from "../servers/openai-server.js";

let folder: string;
let server: OpenAIServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "saelab-ledger-servers-"));
  server = await openAIServer({ answer: () => "first" });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function service(options: object = {}) {
  return { model: "rules", baseURL: `${server.url}/v1`, ...options };
}

const question: TextRequest = { system: "s", messages: [{ role: "user", content: "q" }], maxTokens: 10 };

describe("withLedger(openAICompatible())", () => {
  const ask = async (options: object) =>
    (await withLedger(openAICompatible(service(options)), folder).complete(question)).text;

  it("asks again where something else is added to every request", async () => {
    const schema = (name: string) => ({ response_format: { json_schema: { name, schema: { type: name } } } });
    const extras = [{ seed: 1 }, { seed: 2 }, { seed: 1, top_p: 0.5 }, schema("a"), { stop: null }, {}];
    for (const extra of [...extras, ...extras]) await ask({ extra });
    await ask({ extra: { top_p: 0.5, seed: 1 } });
    await ask({ extra: undefined });
    expect(server.requests).toHaveLength(extras.length);
  });

  it("asks another server itself, even for a model of the same name", async () => {
    await using other = await openAIServer({ answer: () => "second" });
    expect([await ask({}), await ask({ baseURL: `${other.url}/v1` }), await ask({})]).toEqual([
      "first",
      "second",
      "first",
    ]);
    expect([server.requests.length, other.requests.length]).toEqual([1, 1]);
  });

  it("finds the replies of a server that has moved, where the server has a name", async () => {
    await using other = await openAIServer({ answer: () => "second" });
    await ask({ server: "the box" });
    expect(await ask({ server: "the box", baseURL: `${other.url}/v1/` })).toBe("first");
    expect(other.requests).toEqual([]);
  });

  it("keeps no credentials of an address", () => {
    const baseURL = "https://user:hidden@models.example/v1?key=hidden";
    const { settings } = openAICompatible({ model: "rules", baseURL, apiKey: "k" });
    expect(settings).toEqual({ server: "https://models.example/v1" });
  });

  it("has nothing to add for OpenAI's own service", () => {
    expect(openAICompatible({ model: "gpt", apiKey: "k" }).settings).toEqual({});
  });
});

describe("replay()", () => {
  it("answers for a server that is gone, with its settings", async () => {
    const llm = openAICompatible(service({ extra: { seed: 1 } }));
    await withLedger(llm, folder).complete(question);
    await server.close();
    const offline = replay(folder);
    expect(offline.settings).toEqual(llm.settings);
    expect((await offline.complete(question)).text).toBe("first");
  });

  it("asks which settings are meant where there are several", async () => {
    for (const seed of [1, 2]) {
      await withLedger(openAICompatible(service({ server: "box", extra: { seed } })), folder).complete(
        question,
      );
    }
    expect(() => replay(folder)).toThrow(
      'it holds replies of "rules" with {"extra":{"seed":1},"server":"box"}, "rules" with {"extra":{"seed":2},"server":"box"}; name one of these',
    );
    const second = replay(folder, { model: "rules", settings: { extra: { seed: 2 } } });
    expect(second.settings).toEqual({ server: "box", extra: { seed: 2 } });
    expect((await second.complete(question)).text).toBe("first");
    expect(() => replay(folder, { settings: { server: "other" } })).toThrow(
      /as \{"server":"other"\}: it holds/,
    );
  });
});
