/** Local back ends by `hf:org/name`: real ONNX models from a hub on the loopback, into a real cache. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FileError } from "../../../src/errors.js";
import { localEmbedder } from "../../../src/llm/local/local-embedder.js";
import { localTokenScorer } from "../../../src/llm/local/local-token-scorer.js";
import { commit, type HubServer, startHubServer } from "../../model/hub-server.js";

const fixtures = join(import.meta.dirname, "fixtures");
let cache: string;
let server: HubServer | undefined;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "saelab-hub-"));
  vi.stubEnv("HF_HUB_CACHE", cache);
  for (const name of ["HF_HOME", "HF_HUB_OFFLINE", "HF_TOKEN"]) vi.stubEnv(name, undefined);
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

/** A hub whose repository holds some of a fixture's files, where their names are not given, all. */
async function serve(repository: string, fixture: string, names?: readonly string[]): Promise<HubServer> {
  const folder = join(fixtures, fixture);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const all = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const files = new Map<string, Uint8Array>([["README.md", Buffer.from("a model")]]);
  for (const path of all) {
    const name = path.slice(folder.length + 1);
    if (!names || names.includes(name)) files.set(name, await readFile(path));
  }
  server = await startHubServer(repository, files);
  vi.stubEnv("HF_ENDPOINT", server.endpoint);
  return server;
}

const texts = ["The cat sat on the mat.", "Rain"];

describe("local back ends from the hub", () => {
  it("localTokenScorer() fetches a model with its key-value cache, and needs no network after that", async () => {
    const { requests } = await serve("org/tiny-causal", "causal");
    const stages: string[] = [];
    const scorer = await localTokenScorer("hf:org/tiny-causal", {
      threads: 1,
      onProgress: ({ stage }) => stages.push(stage),
    });
    expect(scorer.name).toBe("hf:org/tiny-causal");
    expect(stages).toContain("fetch model.onnx");
    const local = await localTokenScorer(join(fixtures, "causal"), { threads: 1 });
    const wanted = await local.score("The dog lay", texts);
    expect(await scorer.score("The dog lay", texts)).toEqual(wanted);
    await scorer.close();

    requests.length = 0;
    await server?.close();
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const offline = await localTokenScorer("hf:org/tiny-causal", { threads: 1 });
    expect(await offline.score("The dog lay", texts)).toEqual(wanted);
    expect(requests).toEqual([]);
    await Promise.all([offline.close(), local.close()]);
  });

  it("localEmbedder() fetches what says how to pool, too, and needs no network after that", async () => {
    const { requests } = await serve("org/tiny-sentences", "sentences");
    const embedder = await localEmbedder("hf:org/tiny-sentences", { threads: 1 });
    expect(embedder).toMatchObject({ name: "hf:org/tiny-sentences", dimensions: 32 });
    const snapshot = join(cache, "models--org--tiny-sentences", "snapshots", commit);
    expect((await readdir(snapshot)).sort()).toEqual([
      "1_Pooling",
      "config.json",
      "model.onnx",
      "sentence_bert_config.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const local = await localEmbedder(join(fixtures, "sentences"), { threads: 1 });
    const wanted = await local.embed(texts);
    expect(await embedder.embed(texts)).toEqual(wanted);
    await embedder.close();

    requests.length = 0;
    await server?.close();
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const offline = await localEmbedder("hf:org/tiny-sentences", { threads: 1 });
    expect(await offline.embed(texts)).toEqual(wanted);
    expect(requests).toEqual([]);
    await Promise.all([offline.close(), local.close()]);
  });

  it.each([
    ["localTokenScorer()", (source: string) => localTokenScorer(source)],
    ["localEmbedder()", (source: string) => localEmbedder(source)],
  ])("%s refuses a repository without an ONNX model, and says what it holds", async (_, load) => {
    const { requests } = await serve("org/torch-only", "causal", ["config.json", "tokenizer.json"]);
    const refused = load("hf:org/torch-only");
    await expect(refused).rejects.toThrow(FileError);
    await expect(refused).rejects.toThrow(
      /^Cannot fetch "hf:org\/torch-only@main" .* has README\.md, config\.json, tokenizer\.json, .* needs model\.onnx/,
    );
    // Nothing was fetched for it.
    expect(requests).toEqual(["GET /api/models/org/torch-only/revision/main"]);
  });
});
