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
import { moveWeightsOut } from "./move-weights-out.js";

const demo = join(packageRoot(), "demo");
const variables = [
  ...["HF_ENDPOINT", "HF_HUB_CACHE", "HF_HOME", "HF_HUB_OFFLINE"],
  ...["HF_TOKEN", "HF_TOKEN_PATH", "HUGGING_FACE_HUB_TOKEN"],
];
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
  process.env.HF_HOME = join(cache, "home");
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

  it("takes the token of the environment, or of the file that a login writes", async () => {
    const sent = async () => {
      server.tokens.hub.length = 0;
      await rm(join(cache, "models--org--tiny-demo"), { recursive: true, force: true });
      await loadSparseCoder("hf:org/tiny-demo/saes/layers.2");
      return [...new Set(server.tokens.hub)];
    };
    expect(await sent()).toEqual([undefined]);
    await mkdir(join(cache, "home"));
    await writeFile(join(cache, "home", "token"), "hf_of_login\n");
    expect(await sent()).toEqual(["Bearer hf_of_login"]);
    await writeFile(join(cache, "another"), "hf_of_path");
    process.env.HF_TOKEN_PATH = join(cache, "another");
    expect(await sent()).toEqual(["Bearer hf_of_path"]);
    process.env.HUGGING_FACE_HUB_TOKEN = "hf_older";
    expect(await sent()).toEqual(["Bearer hf_older"]);
    process.env.HF_TOKEN = "hf_newer";
    expect(await sent()).toEqual(["Bearer hf_newer"]);
  });

  it.each(["1", "ON", "yes", "true"])("asks nobody where HF_HUB_OFFLINE is %s", async (value) => {
    process.env.HF_HUB_OFFLINE = value;
    await expect(loadModel("hf:org/tiny-demo")).rejects.toThrow("HF_HUB_OFFLINE is set");
    expect(server.requests).toEqual([]);
  });

  it("fetches a file once for calls that want it at the same time", async () => {
    const sources = Array.from({ length: 3 }, () => loadModel("hf:org/tiny-demo"));
    const models = await Promise.all(sources);
    expect(models.map(({ dModel }) => dModel)).toEqual([128, 128, 128]);
    const graphs = server.requests.filter((request) => /^GET (?!\/api).*onnx/.test(request));
    expect(graphs.length).toBeGreaterThan(0);
    expect(new Set(graphs).size).toBe(graphs.length);
  });

  it("fetches weights beside the graph that another program has left out", async () => {
    const model = await readFile(join(demo, "model", "model.onnx"));
    const { graph, weights } = moveWeightsOut(model, "model.onnx_data");
    const files = new Map<string, Uint8Array>([
      ["onnx/model.onnx", graph],
      ["onnx/model.onnx_data", weights],
    ]);
    for (const name of ["config.json", "tokenizer.json"]) {
      files.set(name, await readFile(join(demo, "model", name)));
    }
    const large = await startHubServer("org/large", files);
    process.env.HF_ENDPOINT = large.endpoint;
    const repository = join(cache, "models--org--large");
    const snapshot = join(repository, "snapshots", commit);
    await mkdir(join(repository, "refs"), { recursive: true });
    await mkdir(join(snapshot, "onnx"), { recursive: true });
    await writeFile(join(repository, "refs", "main"), commit);
    for (const [name, bytes] of files) {
      if (!name.endsWith("_data")) await writeFile(join(snapshot, name), bytes);
    }
    expect((await loadModel("hf:org/large")).dModel).toBe(128);
    const fetched = large.requests.filter((request) => /^GET .*resolve/.test(request));
    expect(fetched).toEqual([expect.stringContaining("onnx/model.onnx_data")]);
    await large.close();
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
