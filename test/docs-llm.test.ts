/** Every block of code in docs/llm.md is run as it stands, against loopback servers. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { generateDocuments } from "../demo/world/index.js";
import * as saelab from "../src/index.js";
import { messageBatches } from "./servers/message-batches.js";
import { messagesServer } from "./servers/messages-server.js";
import { openAIServer } from "./servers/openai-server.js";

const page = readFileSync(join(import.meta.dirname, "..", "docs", "llm.md"), "utf8");
const sections = new Map(
  page
    .split(/^###? /m)
    .slice(1)
    .map((text) => [text.split("\n", 1)[0] ?? "", /```ts\n([\s\S]*?)```/.exec(text)?.[1]]),
);

const scratch = mkdtempSync(join(tmpdir(), "saelab-docs-"));
const before = process.cwd();
const batches = messageBatches();
const open: { close(): Promise<void> }[] = [];
let cache: saelab.LatentCache;
let latents: saelab.Latent[];

beforeAll(async () => {
  const messages = await messagesServer({ routes: [batches.route] });
  open.push(messages);
  vi.stubEnv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789");
  vi.stubEnv("ANTHROPIC_BASE_URL", messages.url);
  const [model, coder] = await Promise.all([
    saelab.loadModel("demo"),
    saelab.loadSparseCoder("demo/layers.1"),
  ]);
  const texts = [...generateDocuments({ seed: "docs", count: 400 })].map(({ text }) => text);
  const directory = join(scratch, "cache");
  cache = await saelab.cacheLatents({ model, coder }, texts, { directory, onProgress: false });
  await Promise.all([model.close(), coder.close()]);
  latents = cache.sample(2, { seed: 1, minCount: 300 });
  mkdirSync(join(scratch, "work"));
  process.chdir(join(scratch, "work"));
}, 120_000);

afterAll(async () => {
  process.chdir(before);
  vi.unstubAllEnvs();
  await Promise.all(open.map((one) => one.close()));
  rmSync(scratch, { recursive: true, force: true });
});

/** Runs a section's block, with `give` at its end; the names of the line are in scope. */
async function run(section: string, give: string, change = (code: string) => code): Promise<unknown> {
  const block = sections.get(section);
  if (block === undefined) throw new Error(`docs/llm.md has no code below "${section}"`);
  const bound = change(block).replace(/import \{([^}]+)\} from "saelab";/, "const {$1} = saelab;");
  const { code } = await transform(`async () => {${bound}\nreturn ${give};}`, { loader: "ts" });
  const body = new Function("saelab", "cache", "latents", `return (${code.replace(/;\s*$/, "")})()`);
  return await body(saelab, cache, latents);
}

describe("docs/llm.md", () => {
  it("has a section for each way to a model, and imports public names only", () => {
    const names = [...page.matchAll(/import \{([^}]+)\} from "saelab"/g)].flatMap(
      ([, list]) => list?.split(",").map((name) => name.trim()) ?? [],
    );
    expect(names.filter((name) => !Object.hasOwn(saelab, name))).toEqual([]);
    expect([...sections].filter(([, code]) => code).map(([title]) => title)).toEqual([
      "Claude",
      "A server of your own",
      "Models that think",
      "With no key and no network",
      "From a ledger",
      "Plan before paying",
      "A budget",
      "Message Batches",
    ]);
  });

  it("Claude, then the same from its ledger with no key", async () => {
    const first = (await run("Claude", "results")) as saelab.Report;
    expect(first.rows.map(({ status }) => status)).toEqual(["scored", "scored"]);
    vi.stubEnv("ANTHROPIC_API_KEY", "");
    const again = (await run("From a ledger", "{ results, spent }")) as {
      results: saelab.Report;
      spent: saelab.LedgerSummary;
    };
    vi.stubEnv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789");
    expect(again.results.rows).toEqual(first.rows);
    expect(again.spent.models[0]).toMatchObject({ model: "claude-haiku-5-5" });
  }, 60_000);

  it("A server of your own", async () => {
    const server = await openAIServer();
    open.push(server);
    const at = (code: string) => code.replace("http://127.0.0.1:8000", server.url);
    const found = (await run("A server of your own", "{ llm, likely, found }", at)) as {
      llm: saelab.TextModel;
      likely: saelab.Scorer;
      found: saelab.ServerInspection;
    };
    expect(found.llm.name).toBe("my-model");
    expect(found.likely.name).toBe("surprisal");
    expect(JSON.stringify(found.found)).toContain("my-model");
  }, 60_000);

  it("Models that think", async () => {
    const server = await openAIServer({ thinks: 3000 });
    open.push(server);
    const at = (code: string) => code.replace("http://127.0.0.1:8000", server.url);
    const { outcomes } = (await run("Models that think", "results", at)) as saelab.Report;
    expect(outcomes).toMatchObject({ latents: { ok: 2 }, scores: { ok: 2 } });
    const cramped = (code: string) => at(code).replace(", roomToThink: 4000", ", onWarning: () => {}");
    const cut = (await run("Models that think", "results", cramped)) as saelab.Report;
    expect(cut.outcomes.latents).toEqual({ truncated: 2 });
    expect(cut.rows[0]).toMatchObject({ reason: expect.stringContaining("raise roomToThink") });
  }, 60_000);

  it("With no key and no network", async () => {
    vi.stubEnv("ANTHROPIC_API_KEY", "");
    const results = (await run("With no key and no network", "results")) as saelab.Report;
    vi.stubEnv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789");
    expect(results.scorers).toEqual(["detection", "surprisal", "embedding"]);
  }, 120_000);

  it("Plan before paying", async () => {
    const planned = (await run("Plan before paying", "planned")) as saelab.Plan;
    expect(planned.stages.map(({ stage }) => stage)).toEqual(["top-activations", "detection", "fuzzing"]);
    expect(planned.notes.join()).toContain("counted by claude-haiku-5-5 itself");
  }, 60_000);

  it("A budget", async () => {
    const { explainer, scorers } = (await run("A budget", "{ explainer, scorers }")) as {
      explainer: saelab.Explainer;
      scorers: saelab.Scorer[];
    };
    expect([explainer.model, scorers[0]?.model]).toEqual(["claude-opus-5-5", "claude-haiku-5-5"]);
  });

  it("Message Batches", async () => {
    const quick = (code: string) =>
      code.replace(
        'claudeBatches("runs/large/ledger")',
        'claudeBatches("runs/large/ledger", { idleMs: 200, pollMs: [10, 50] })',
      );
    const results = (await run("Message Batches", "results", quick)) as saelab.Report;
    expect(results.rows.map(({ status }) => status)).toEqual(["scored", "scored"]);
    // One round for the explanations, one for the scores.
    expect(batches.batches.map(({ rows }) => rows.length)).toEqual([2, 16]);
  }, 60_000);
});
