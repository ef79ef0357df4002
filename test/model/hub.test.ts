import { copyFile, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.js";
import { parseHubSource } from "../../src/model/hub.js";
import { loadModel } from "../../src/model/load-model.js";
import { packageRoot } from "../../src/package-root.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { commit, type HubServer, startHubServer } from "./hub-server.js";

const demo = join(packageRoot(), "demo");
const variables = ["HF_ENDPOINT", "HF_HUB_CACHE", "HF_HOME", "HF_HUB_OFFLINE", "HF_TOKEN"];
const before = new Map(variables.map((name) => [name, process.env[name]]));
let cache: string;
let server: HubServer;

beforeEach(async () => {
  const places = {
    "config.json": "model/config.json",
    "tokenizer.json": "model/tokenizer.json",
    "tokenizer_config.json": "model/tokenizer_config.json",
    "onnx/model.onnx": "model/model.onnx",
    "saes/layers.2/cfg.json": "saes/layers.2/cfg.json",
    "saes/layers.2/sae.safetensors": "saes/layers.2/sae.safetensors",
  };
  const files = new Map<string, Uint8Array>([["README.md", Buffer.from("a model")]]);
  for (const [name, path] of Object.entries(places)) files.set(name, await readFile(join(demo, path)));
  server = await startHubServer("org/tiny-demo", files);
  cache = await mkdtemp(join(tmpdir(), "saelab-hub-"));
  for (const name of variables) delete process.env[name];
  process.env.HF_ENDPOINT = server.endpoint;
  process.env.HF_HUB_CACHE = cache;
});

afterEach(async () => {
  await server.close();
  await rm(cache, { recursive: true });
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe("loading from the hub", () => {
  it("loadModel() fetches what it needs into the shared cache, and next time asks nobody", async () => {
    const seen: string[] = [];
    const model = await loadModel("hf:org/tiny-demo", { onProgress: ({ stage }) => seen.push(stage) });
    expect(model).toMatchObject({ name: "hf:org/tiny-demo", dModel: 128, contextLength: 128 });
    const original = await loadModel("demo");
    expect(model.hash).toBe(original.hash);
    expect(seen).toContain("fetch onnx/model.onnx");

    const repository = join(cache, "models--org--tiny-demo");
    expect(await readFile(join(repository, "refs", "main"), "utf8")).toBe(commit);
    expect((await readdir(join(repository, "snapshots", commit))).sort()).toEqual([
      "config.json",
      "onnx",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const graph = await lstat(join(repository, "snapshots", commit, "onnx", "model.onnx"));
    expect(graph.isSymbolicLink()).toBe(true);
    expect((await readdir(join(repository, "blobs"))).every((name) => !name.endsWith(".incomplete"))).toBe(
      true,
    );

    server.requests.length = 0;
    await loadModel("hf:org/tiny-demo");
    expect(server.requests).toEqual([]);
    process.env.HF_HUB_OFFLINE = "1";
    await loadModel("hf:org/tiny-demo");
  });

  it("goes on where a download stopped", async () => {
    server.dropAfter("onnx/model.onnx", 1_000_000);
    const model = await loadModel("hf:org/tiny-demo");
    expect(model.hash).toBe((await loadModel("demo")).hash);
    const ranges = server.requests.filter((request) => /bytes=[1-9]\d*-$/.test(request));
    expect(ranges.length).toBeGreaterThan(0);
  });

  it("loadSparseCoder() fetches a folder of a repository", async () => {
    const coder = await loadSparseCoder("hf:org/tiny-demo/saes/layers.2");
    expect(coder).toMatchObject({ name: "hf:org/tiny-demo/saes/layers.2", hookpoint: "layers.2" });
    expect(coder.hash).toBe((await loadSparseCoder("demo/layers.2")).hash);
    expect(server.requests.some((request) => request.includes("model.onnx"))).toBe(false);
  });

  it("sends the token to the hub alone, not to the host that large files are on", async () => {
    process.env.HF_TOKEN = "hf_secret";
    await loadModel("hf:org/tiny-demo");
    expect(server.tokens.cdn.length).toBeGreaterThan(0);
    expect(new Set(server.tokens.cdn)).toEqual(new Set([undefined]));
    expect(new Set(server.tokens.hub)).toEqual(new Set(["Bearer hf_secret"]));
  });

  it("tries again when the hub is busy, as long as it asks to wait, and three times at most", async () => {
    server.refuse([429, 503], "0.01");
    await loadSparseCoder("hf:org/tiny-demo/saes/layers.2");
    expect(server.requests.filter((request) => request.startsWith("GET /api/")).length).toBe(3);
    server.refuse([500, 500, 500], "0.01");
    await expect(loadModel("hf:org/tiny-demo")).rejects.toThrow("the server answered 500; try again later");
    server.refuse([401]);
    await expect(loadModel("hf:org/tiny-demo")).rejects.toThrow(
      "access is refused, or there is no such repository; check its name",
    );
    server.refuse([429], "60");
    const signal = AbortSignal.timeout(50);
    await expect(loadModel("hf:org/tiny-demo", { signal })).rejects.toThrow(/timeout/);
  });

  it("finds without the network what Hugging Face's Python library has put into the cache", async () => {
    const repository = join(cache, "models--org--tiny-demo");
    const snapshot = join(repository, "snapshots", commit);
    await mkdir(join(repository, "refs"), { recursive: true });
    await mkdir(join(repository, "blobs"));
    await mkdir(join(snapshot, "onnx"), { recursive: true });
    await writeFile(join(repository, "refs", "main"), commit);
    const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "onnx/model.onnx"];
    for (const [i, name] of names.entries()) {
      await copyFile(join(demo, "model", basename(name)), join(repository, "blobs", `etag${i}`));
      await symlink(
        join(name.includes("/") ? "../../.." : "../..", "blobs", `etag${i}`),
        join(snapshot, name),
      );
    }
    process.env.HF_HUB_OFFLINE = "1";
    for (const source of ["hf:org/tiny-demo", `hf:org/tiny-demo@${commit}`]) {
      expect((await loadModel(source)).dModel).toBe(128);
    }
    expect(server.requests).toEqual([]);
  });

  it("throws a damaged file away", async () => {
    server.damage("onnx/model.onnx");
    await expect(loadModel("hf:org/tiny-demo")).rejects.toThrow(
      "a file arrived damaged and was thrown away; try again",
    );
    const blobs = await readdir(join(cache, "models--org--tiny-demo", "blobs"));
    expect(blobs.some((name) => name.endsWith(".incomplete"))).toBe(false);
  });

  it("says what is wrong: unknown, refused, not a model, stopped, without network", async () => {
    await expect(loadModel("hf:org/nothing")).rejects.toThrow(
      `Cannot fetch "hf:org/nothing@main" from ${server.endpoint}: there is no such repository, revision or file`,
    );
    await expect(loadModel("hf:org/gated")).rejects.toThrow("access is refused; accept its licence");
    await expect(loadModel("hf:org/tiny-demo/saes/layers.2")).rejects.toThrow(
      "which is no layout that saelab reads",
    );
    const stopped = AbortSignal.abort(new Error("stopped by hand"));
    await expect(loadModel("hf:org/tiny-demo", { signal: stopped })).rejects.toThrow("stopped by hand");
    process.env.HF_HUB_OFFLINE = "1";
    await expect(loadModel("hf:org/tiny-demo")).rejects.toThrow("HF_HUB_OFFLINE is set");
    delete process.env.HF_HUB_OFFLINE;
    process.env.HF_ENDPOINT = "http://127.0.0.1:9";
    const error = await loadModel("hf:org/tiny-demo").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toMatch(
      /^Cannot fetch "hf:org\/tiny-demo@main" from http:\/\/127\.0\.0\.1:9: no connection \(.+\); connect, set HF_ENDPOINT to a mirror, or give a folder instead$/,
    );
  });
});

describe("parseHubSource()", () => {
  const source = (repository: string, more = {}) => ({
    ...{ kind: "models", repository, revision: "main", folder: "" },
    ...more,
  });
  it.each([
    ["hf:org/name", source("org/name")],
    ["hf:org/name@v1.0", source("org/name", { revision: "v1.0" })],
    ["hf:org/na.me/a/b", source("org/na.me", { folder: "a/b" })],
    ["hf:org/name@abc/a/", source("org/name", { revision: "abc", folder: "a" })],
    ["hf:org/name@refs/pr/12/a", source("org/name", { revision: "refs/pr/12", folder: "a" })],
    ["hf:datasets/org/name", source("org/name", { kind: "datasets" })],
    [
      "hf:datasets/org/name@refs/convert/parquet/en/train",
      source("org/name", { kind: "datasets", revision: "refs/convert/parquet", folder: "en/train" }),
    ],
    ["hf:org/name@..", undefined],
    ["demo", undefined],
    ["./hf/org/name", undefined],
    ["hf:name", undefined],
  ])("reads %s", (text, wanted) => {
    expect(parseHubSource(text)).toEqual(wanted);
  });
});
