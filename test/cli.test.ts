/** The command line, as a user types it: the compiled program in a process of its own. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { generateDocuments } from "../demo/world/index.js";
import { plannedModel, readLine } from "../src/cli-line.js";
import { openCorpus } from "../src/corpus/open-corpus.js";
import { packContexts } from "../src/corpus/pack-contexts.js";
import { loadModel } from "../src/model/load-model.js";
import { report } from "../src/report/report.js";
import { interpret } from "../src/run/interpret.js";
import { inspectCoder } from "../src/sparse/inspect-coder.js";
import { type Tensor, tensor } from "../src/tensor.js";
import { openAIServer } from "./servers/openai-server.js";

const cli = join(import.meta.dirname, "..", "dist", "src", "cli.js");
const notBuilt = existsSync(cli) ? "" : " (needs the compiled library: npm run build)";

const someFolder = () => mkdtempSync(join(tmpdir(), "saelab-cli-"));

/** No key, and a cache of its own. */
function userIn(cwd: string) {
  const { ANTHROPIC_API_KEY: _, OPENAI_API_KEY: __, ...env } = process.env;
  return { cwd, encoding: "utf8", env: { ...env, SAELAB_CACHE: join(cwd, "cache") } } as const;
}

function saelab(args: readonly string[], cwd = someFolder()) {
  return { ...spawnSync(process.execPath, [cli, ...args], userIn(cwd)), cwd };
}

/** The same beside a server of this process. */
async function saelabBeside(args: readonly string[], cwd = someFolder()) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [cli, ...args], userIn(cwd), (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

describe("the options of run and plan", () => {
  const nullsOf = (...args: string[]) => readLine(args).how.nulls;

  it("say what scores are held against", () => {
    expect(nullsOf()).toEqual({ share: 1 });
    expect(nullsOf("--null", "0.2", "--null-runs", "neurons,random-model")).toEqual({
      share: 0.2,
      runs: ["neurons", "random model"],
    });
    expect(nullsOf("--null-runs", "none")).toEqual({ share: 1, runs: false });
    expect(nullsOf("--null", "none")).toBe(false);
    expect(() => nullsOf("--null-runs", "neuron")).toThrow(
      'Cannot read --null-runs "neuron": give some of random-model,random-coder,neurons, or "none"',
    );
  });
});

describe("--room-to-think", () => {
  it("goes to the model of run and of plan, before any work", () => {
    for (const modelOf of [undefined, plannedModel]) {
      const room = (llm: string, ...args: string[]) =>
        readLine(["--llm", llm, "--room-to-think", ...args], modelOf).how.scorers[0]?.settings;
      expect(JSON.stringify(room("openai:http://127.0.0.1:1/v1#m", "400"))).toContain('"roomToThink":400');
      expect(() => room("claude", "400")).toThrow(/^Cannot give "claude" room to think/);
      expect(() => room("claude", "400", "--batch")).toThrow(/^Cannot give "claude" room to think/);
      expect(() => room("openai:http://127.0.0.1:1/v1#m", "much")).toThrow(/--room-to-think "much"/);
    }
  });
});

describe("--negatives of run and plan", () => {
  afterEach(() => vi.unstubAllEnvs());
  const negativesOf = (...args: string[]) => readLine(args).how.examples?.negatives;

  it("names rungs of the ladder, with a preset and without", () => {
    const names = ["random", "co-active", "same-token", "minimal-edit"];
    expect(negativesOf("--negatives", names.join(","))).toEqual(names);
    expect(negativesOf("--preset", "economy", "--negatives", "co-active")).toEqual(["co-active"]);
    expect(negativesOf()).toBeUndefined();
    expect(() => negativesOf("--negatives", "random,easy")).toThrow(
      'Cannot read --negatives "random,easy": give some of random,co-active,encoder-neighbour,decoder-neighbour,same-token,embedding-neighbour,minimal-edit',
    );
  });

  it("brings along what each rung is found by, and judges windows of each", {
    timeout: 240_000,
  }, async () => {
    const folder = someFolder();
    const corpus = join(folder, "texts.txt");
    const documents = [...generateDocuments({ seed: "cli negatives", count: 150 })];
    writeFileSync(corpus, documents.map(({ text }) => text.replaceAll("\n", " ")).join("\n"));
    const kinds = ["random", "decoder-neighbour", "embedding-neighbour", "minimal-edit"];
    vi.stubEnv("SAELAB_CACHE", join(folder, "cache"));
    const given = ["--corpus", corpus, "--coder", "demo/layers.1", "--latents", "2", "--null", "none"];
    const { how, open } = readLine([...given, "--negatives", kinds.join(","), "--out", join(folder, "out")]);
    const { cache, latents, examples, close } = await open(new AbortController().signal);
    const few = { ...examples, train: 10, test: 20, nonActivating: 20 };
    const { rows } = await report(interpret(cache, latents, { ...how, examples: few, onProgress: false }));
    await close();
    const judged = rows.flatMap(({ scores }) => scores.detection?.judgements ?? []);
    const found = new Set(judged.filter(({ truth }) => !truth).map(({ kind }) => kind));
    expect(found).toEqual(new Set(["non-activating", ...kinds.slice(1)]));
  });
});

describe.skipIf(notBuilt)(`saelab on the command line${notBuilt}`, () => {
  it("prints its help, and fails for a command that it does not know", () => {
    expect(saelab(["--help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("saelab demo") });
    expect(saelab(["explode"])).toMatchObject({ status: 2, stdout: expect.stringContaining("saelab demo") });
  });

  it.skipIf(process.platform === "win32")("can be run by npx", () => {
    expect(statSync(cli).mode & 0o111).not.toBe(0);
  });

  it("run does the whole line on a file of texts, and does it again from what it kept", () => {
    const cwd = mkdtempSync(join(tmpdir(), "saelab-cli-"));
    const documents = [...generateDocuments({ seed: "command line", count: 400 })];
    const lines = documents.map(({ text }) => JSON.stringify({ text }));
    writeFileSync(join(cwd, "texts.jsonl"), lines.join("\n"));
    const args = [
      "run",
      "--corpus",
      "texts.jsonl",
      "--latents",
      "3",
      "--coder",
      "demo/layers.0",
      "--out",
      "out",
    ];
    const first = saelab(args, cwd);
    expect(first.stderr).toBe("");
    expect(first.status).toBe(0);
    expect(first.stdout).toMatch(/^latent\s+density\s+detection\s+fuzzing\s+explanation\n/);
    expect(first.stdout).toContain("Explanations by pattern (embedded)");
    const page = readFileSync(join(cwd, "out", "report.html"), "utf8");
    expect(page).toContain("<!doctype html>");
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(saelab(args, cwd).stdout).toBe(first.stdout);
  }, 120_000);

  it("plan says what a run would cost for every model, with no key", () => {
    const args = ["plan", "--llm", "claude", "--preset", "economy", "--batch", "--latents", "4"];
    const { status, stdout, stderr } = saelab([...args, "--tokens", "60000"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Plan for 4 latents\n/);
    expect(stdout).toMatch(/^detection +claude-haiku-5-5 +\d+ +[\d,]+ +[\d,]+ +[\d,]+$/m);
    expect(stdout).toMatch(/^claude-opus-5-5 +\$[\d.]+ +\$[\d.]+ +\$[\d.]+ +\$[\d.]+$/m);
  }, 120_000);

  it("ledger says what the calls of a run to a server cost, and exports them; running again asks nobody", async () => {
    const server = await openAIServer();
    const cwd = mkdtempSync(join(tmpdir(), "saelab-cli-"));
    const asked = ["--tokens", "60000", "--latents", "2", "--coder", "demo/layers.1", "--out", "out"];
    const run = ["run", "--llm", `openai:${server.url}/v1#rules`, "--null", "none", ...asked];
    const first = await saelabBeside(run, cwd);
    expect(first).toMatchObject({ status: 0, stderr: "" });
    const calls = server.requests.length;
    expect(calls).toBeGreaterThan(2);
    expect(first.stdout).toMatch(/^latents: 2 ok; scores: 4 ok; answers: \d+ ok/m);
    expect(first.stdout).toContain("Explanations by rules; scored with detection by rules; fuzzing by rules");
    expect((await saelabBeside(run, cwd)).stdout).toBe(first.stdout);
    expect(server.requests).toHaveLength(calls);
    await server.close();

    const summary = saelab(["ledger", "out/ledger"], cwd);
    expect(summary).toMatchObject({ status: 0, stderr: "" });
    expect(summary.stdout).toMatch(new RegExp(`^rules: ${calls} calls · ${calls} ok · [\\d,]+ input tokens`));
    const exported = saelab(["ledger", "out/ledger", "--export", "calls.parquet"], cwd);
    expect(exported).toMatchObject({ status: 0, stdout: `${summary.stdout}written: calls.parquet\n` });
    expect(readFileSync(join(cwd, "calls.parquet")).subarray(0, 4).toString()).toBe("PAR1");
    // What was paid for can be played back with no server.
    const replayed = ["run", "--llm", "replay:out/ledger", "--null", "none", ...asked.slice(0, -1), "again"];
    expect(saelab(replayed, cwd).stdout.replaceAll("again", "out")).toBe(first.stdout);
  }, 240_000);

  it("run says that calls failed, and asks for them when the same command is given again", async () => {
    await using server = await openAIServer();
    let down = true;
    const fault = { kind: "status", status: 503, headers: { "retry-after-ms": "1" } } as const;
    server.failWhen((question) => down && !question.includes("Marked examples"), fault);
    const cwd = mkdtempSync(join(tmpdir(), "saelab-cli-"));
    const asked = ["--tokens", "60000", "--latents", "2", "--coder", "demo/layers.1", "--out", "out"];
    const run = ["run", "--llm", `openai:${server.url}/v1#rules`, "--null", "none", ...asked];
    const first = await saelabBeside(run, cwd);
    expect(first).toMatchObject({ status: 0, stderr: "" });
    expect(first.stdout).toMatch(/^latents: 2 ok; scores: 4 without value; answers: \d+ failed/m);
    expect(first.stdout).toContain("Calls failed: the same command asks again for what is missing");
    down = false;
    const from = server.requests.length;
    const second = await saelabBeside(run, cwd);
    expect(second.stdout).toMatch(/^latents: 2 ok; scores: 4 ok; answers: \d+ ok$/m);
    expect(second.stdout).not.toContain("Calls failed");
    // The explanations were there.
    const sent = server.requests.slice(from).map(({ body }) => JSON.stringify(body));
    expect(sent.length).toBeGreaterThan(0);
    expect(sent.filter((body) => body.includes("Marked examples"))).toEqual([]);
  }, 240_000);

  it("ledger says which file it misses, and wants one", () => {
    expect(saelab(["ledger", "nowhere"])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/nowhere.*there is no such file/),
    });
    expect(saelab(["ledger"])).toMatchObject({
      status: 1,
      stderr: "Cannot tell which ledger to read: give one file or folder\n",
    });
  });

  it("doctor llm says what a server can do, and fails where it can do nothing", async () => {
    const server = await openAIServer({ lacks: ["embeddings"] });
    const { status, stdout } = await saelabBeside(["doctor", "llm", `${server.url}/v1#rules`]);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^rules on ${server.url}/v1 \\(\\d+ listed\\)$`, "m"));
    expect(stdout).toMatch(/^yes {2}openAICompatible: /m);
    expect(stdout).toMatch(/^yes {2}openAITokenScorer: /m);
    expect(stdout).toMatch(/^no {3}openAIEmbedder: /m);
    await server.close();
    const gone = await saelabBeside(["doctor", "llm", `${server.url}/v1#rules`]);
    expect(gone).toMatchObject({ status: 1, stderr: expect.stringMatching(/^Cannot .*127\.0\.0\.1/) });
  }, 120_000);

  /** What a coder explains of the positions that a cache has: those behind BOS, in 24 contexts of 64. */
  async function asDeclared(hookpoint: string): Promise<string> {
    const model = await loadModel("demo");
    const rows: Float32Array[] = [];
    const corpus = await openCorpus("demo");
    for await (const { tokens } of packContexts(model.tokenizer, corpus.documents(), { contextLength: 64 })) {
      const found = await model.activations(tensor(tokens, [1, 64]), [hookpoint]);
      rows.push((found.get(hookpoint) as Tensor).data.slice(model.dModel));
      if (rows.length === 24) break;
    }
    await model.close();
    const data = Float32Array.from(rows.flatMap((row) => [...row]));
    const all = tensor(data, [data.length / model.dModel, model.dModel]);
    const { declared } = await inspectCoder(`demo/${hookpoint}`, all);
    return `${(100 * declared.explainedVariance).toFixed(1)} %       ${declared.l0.toFixed(1)}  as declared`;
  }

  it("doctor prints a model's hookpoints, and what each reading of a coder explains", async () => {
    const model = saelab(["doctor", "model", "demo"]);
    expect(model).toMatchObject({ status: 0, stderr: "" });
    expect(model.stdout).toMatch(
      /^layers\.2\.attention\.heads\s+\[context, position, \d+\]\s+blocks\.2\.attn\.hook_z/m,
    );
    expect(model.stdout).toMatch(/^layers\.2\.mlp\.neurons\s+\[context, position, \d+\]/m);
    const coder = saelab(["doctor", "coder", "demo/layers.2"]);
    expect(coder).toMatchObject({ status: 0, stderr: "" });
    expect(coder.stdout).toMatch(/^\*\s+\d+\.\d %\s+\d+\.\d\s+as declared$/m);
    expect(coder.stdout).toContain(await asDeclared("layers.2"));
    expect(saelab(["doctor", "everything"])).toMatchObject({
      status: 1,
      stderr: "Cannot tell what to look at: give model PATH, coder PATH or llm URL\n",
    });
  });

  it.each([
    [["run", "--latents", "many"], 'Cannot read --latents "many": give a whole number'],
    [["run", "--corpus", "nowhere.txt"], "nowhere.txt"],
    [["run", "--model", "nowhere"], "nowhere"],
    [["run", "--coder", "demo/layers.9"], "demo/layers.9"],
    [["run", "--llm", "claude", "--tokens", "3000"], "ANTHROPIC_API_KEY"],
    [["run", "--batch"], 'Cannot send calls to "pattern" in batches'],
    [["plan", "--preset", "lavish"], 'Cannot find the preset "lavish"'],
    [["run", "--color", "red"], "--color"],
  ])("%j fails with one sentence that names it", (args, text) => {
    const { status, stderr } = saelab(args);
    expect(status).toBe(1);
    expect(stderr).toContain(text);
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("install, doctor and uninstall work on a prefix", () => {
    const cwd = mkdtempSync(join(tmpdir(), "saelab-cli-"));
    const kernel = join(cwd, "share", "jupyter", "kernels", "saelab", "kernel.json");
    const extension = join(cwd, "share", "jupyter", "labextensions", "@saelab", "widgets", "package.json");
    expect(saelab(["install", "--prefix", cwd]).status).toBe(0);
    expect(JSON.parse(readFileSync(kernel, "utf8"))).toMatchObject({ language: "typescript" });
    expect(existsSync(extension)).toBe(true);
    expect(saelab(["doctor", "--prefix", cwd]).stdout).toMatch(/node/i);
    expect(saelab(["uninstall", "--prefix", cwd]).status).toBe(0);
    expect(existsSync(kernel) || existsSync(extension)).toBe(false);
  });
});
