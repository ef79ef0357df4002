/** Readers on damaged files: they read, or they refuse with an error of ours. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.js";
import { type ByteSource, memorySource } from "../../src/formats/byte-source.js";
import { openNpz } from "../../src/formats/npz.js";
import { encodeSafetensors, openSafetensors } from "../../src/formats/safetensors.js";
import type { TensorFile } from "../../src/formats/tensor-file.js";
import { openTorch } from "../../src/formats/torch.js";
import { openZip } from "../../src/formats/zip.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
import { decodeGraph, prefixModel } from "../../src/model/onnx/graph.js";
import { nodeField } from "../../src/model/onnx/graph-builder.js";
import { openGraphFile } from "../../src/model/onnx/graph-file.js";
import { findHookpoints } from "../../src/model/onnx/hookpoints.js";
import { bytesField, encodeMessage, type Field, varintField } from "../../src/model/onnx/protobuf.js";
import { readableGraph } from "../../src/model/onnx/readable-graph.js";
import { packageRoot } from "../../src/package-root.js";
import { seededRandom } from "../../src/random.js";
import { tensor } from "../../src/tensor.js";
import { exportedModel, exportsOf } from "../model/exported-models.js";
import { encodeTorch, storedZip } from "../sparse/torch-file.js";
import { mutate } from "./mutate.js";

const mutations = 10_000;
const numbers = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i));
const matrix = tensor(numbers(24), [4, 6]);
const vector = tensor(numbers(6), [6]);

const counts: string[] = [];
afterAll(() => console.log(`Damaged files, read or refused:\n${counts.join("\n")}`));

/** Runs a reader on damaged copies; anything but an error that the reader means to throw fails. */
async function fuzz(
  name: string,
  original: Uint8Array,
  read: (bytes: Uint8Array) => unknown,
  meant: (error: unknown) => boolean = (error) => error instanceof FileError,
): Promise<void> {
  await read(original);
  const random = seededRandom(`fuzz ${name}`);
  let refused = 0;
  let slowest = 0;
  for (let count = 0; count < mutations; count++) {
    const damaged = mutate(original, random.fork(count));
    const start = performance.now();
    try {
      await read(damaged);
    } catch (error) {
      if (!meant(error)) throw new Error(`Damaged ${name} number ${count} gave ${error}`, { cause: error });
      refused++;
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  counts.push(`${name}: ${mutations} (${refused} refused, the slowest took ${slowest.toFixed(0)} ms)`);
  expect(refused).toBeGreaterThan(mutations / 20);
  // Far above what a busy machine makes of it: this is about files that hang.
  expect(slowest).toBeLessThan(20_000);
}

async function readAll(open: (source: ByteSource) => Promise<TensorFile>, bytes: Uint8Array): Promise<void> {
  const file = await open(memorySource(bytes, "damaged"));
  for (const name of file.tensors.keys()) {
    const { data, shape } = await file.read(name);
    expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
    expect(data.byteLength).toBeLessThan(64 * bytes.length + 1024);
  }
}

function npy(shape: string, data: Float32Array): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117, " ");
  const head = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
  head.writeUInt16LE(header.length + 1, 8);
  return Buffer.concat([head, Buffer.from(`${header}\n`), Buffer.from(data.buffer)]);
}

/** One member, deflated, that claims to be `claimed` bytes long. */
function deflated(name: string, bytes: Uint8Array, claimed = bytes.length): Uint8Array {
  const packed = deflateRawSync(bytes);
  const zip = Buffer.from(storedZip({ [name]: new Uint8Array(packed) }));
  const directory = zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
  zip.writeUInt16LE(8, 8);
  zip.writeUInt16LE(8, directory + 10);
  zip.writeUInt32LE(claimed, directory + 24);
  return new Uint8Array(zip);
}

/** As Optimum merges a decoder: bodies under an `If`. The first is empty; the outputs of the second have names of their own. */
function mergeBodies(bytes: Uint8Array): Uint8Array {
  const graph = decodeGraph(bytes);
  const named = (number: number, names: readonly string[]) =>
    names.map((name) => bytesField(number, [bytesField(1, name)]));
  const outputs = graph.outputs.map(({ name }) => name);
  const chosen = outputs.map((name) => `${name}/chosen`);
  const inside = graph.fields.filter(({ number }) => number === 5).slice(0, 3);
  const nodes = graph.nodes.map((node) => bytesField(1, node.fields));
  const branch = (name: string, fields: Field[]) =>
    bytesField(5, [bytesField(1, name), bytesField(6, fields), varintField(20, 5)]);
  const choice = bytesField(1, [
    bytesField(1, "use_cache_branch"),
    ...chosen.map((name) => bytesField(2, name)),
    bytesField(4, "If"),
    branch("then_branch", [bytesField(2, "with_past")]),
    branch("else_branch", [...nodes, ...inside, ...named(12, outputs)]),
  ]);
  const rest = graph.fields.filter(
    (field) => field.number !== 1 && field.number !== 12 && !inside.includes(field),
  );
  const merged = [choice, ...rest, ...named(11, ["use_cache_branch"]), ...named(12, chosen)];
  return encodeMessage(
    graph.modelFields.map((field) => (field.number === 7 ? bytesField(7, merged) : field)),
  );
}

interface TokenizerJson {
  model: { vocab: Record<string, number>; merges: [string, string][] };
}

/** A tokenizer of the first 300 tokens. */
function fewTokens(whole: TokenizerJson): TokenizerJson {
  const vocab = Object.fromEntries(Object.entries(whole.model.vocab).filter(([, id]) => id < 300));
  const merges = whole.model.merges.filter((pair) =>
    [...pair, pair.join("")].every((token) => token in vocab),
  );
  expect(merges.length).toBeGreaterThan(5);
  return { ...whole, model: { ...whole.model, vocab, merges } };
}

describe("damaged files", { timeout: 600_000 }, () => {
  it("safetensors", async () => {
    const file = encodeSafetensors({ a: matrix, b: { ...vector, dtype: "F16" } }, { note: "x" });
    await fuzz("safetensors", file, (bytes) => readAll(openSafetensors, bytes));
  });

  it("npz, stored and deflated", async () => {
    const a = npy("4, 6", numbers(24));
    const stored = storedZip({ "a.npy": a, "b.npy": npy("6,", numbers(6)) });
    await fuzz("npz", stored, (bytes) => readAll(openNpz, bytes));
    await fuzz("npz, deflated", deflated("a.npy", a), (bytes) => readAll(openNpz, bytes));
  });

  it("torch", async () => {
    const file = encodeTorch({ a: matrix, b: vector, activation: "TopK", inner: { k: 3, name: "ReLU" } });
    await fuzz("torch", file, (bytes) => readAll(openTorch, bytes));
  });

  it("ONNX", async () => {
    const bytes = await exportedModel(await exportsOf("llama"), "builder");
    const read = async (damaged: Uint8Array) => {
      const graph = readableGraph(decodeGraph(damaged), "damaged");
      const points = findHookpoints(graph, { path: "damaged" });
      return prefixModel(graph, [points[points.length - 1].tensor]);
    };
    const meant = (error: unknown) =>
      error instanceof FileError ||
      error instanceof SyntaxError ||
      (error instanceof RangeError && error.message.startsWith("Cannot cut the graph"));
    // With nodes that ONNX Runtime has fused, and as it is under the If of a merged decoder.
    await fuzz("ONNX", bytes, read, meant);
    await fuzz("ONNX, merged", mergeBodies(bytes), read, meant);
  });

  it("tokenizer.json", async () => {
    const whole = await readFile(join(packageRoot(), "demo", "model", "tokenizer.json"), "utf8");
    const original = new TextEncoder().encode(JSON.stringify(fewTokens(JSON.parse(whole))));
    const folder = await mkdtemp(join(tmpdir(), "saelab-fuzz-"));
    const read = async (bytes: Uint8Array) => {
      await writeFile(join(folder, "tokenizer.json"), bytes);
      const tokenizer = await loadTokenizer(folder);
      tokenizer.encode("Some text, 1.");
    };
    await fuzz("tokenizer.json", original, read);
    await rm(folder, { recursive: true });
  });
});

describe("hostile files", () => {
  const zipOf = (bytes: Uint8Array) => openZip(memorySource(bytes, "hostile.zip"));

  it("a zip bomb is refused before it is unpacked", async () => {
    await expect(zipOf(deflated("a.npy", new Uint8Array(128 << 20)))).rejects.toThrow(
      /its members would unpack to 134217728 from \d+ bytes/,
    );
  });

  it("many members are one bomb, however little each unpacks to", async () => {
    const packed = new Uint8Array(deflateRawSync(new Uint8Array(48 << 20)));
    const members = Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`${i}.npy`, packed]));
    const zip = Buffer.from(storedZip(members));
    for (let at = 0; at >= 0; at = zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2]), at + 4)) {
      const size = at === 0 ? 22 : 24;
      zip.writeUInt16LE(8, at + (at === 0 ? 8 : 10));
      zip.writeUInt32LE(48 << 20, at + size);
    }
    await expect(zipOf(new Uint8Array(zip))).rejects.toThrow(
      /its members would unpack to 201326592 from \d+ bytes/,
    );
  });

  it.each([0xffff_fff0, 0x7fff_ffff])("sizes that are claimed (%i) are not believed", async (claimed) => {
    const zip = Buffer.from(storedZip({ "a.npy": npy("6,", numbers(6)) }));
    const directory = zip.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    for (const field of [20, 24]) zip.writeUInt32LE(claimed, directory + field);
    await expect(zipOf(new Uint8Array(zip))).rejects.toThrow(FileError);
    const pickle = Buffer.from([0x80, 2, 0x58, 0, 0, 0, 0, 0x2e]);
    pickle.writeUInt32LE(claimed, 3);
    const torch = storedZip({ "archive/data.pkl": pickle });
    await expect(openTorch(memorySource(torch, "hostile.pt"))).rejects.toThrow(FileError);
    const header = Buffer.alloc(16, 0x20);
    header.writeBigUInt64LE(BigInt(claimed) << 8n);
    await expect(openSafetensors(memorySource(header, "hostile"))).rejects.toThrow(FileError);
  });

  it("a member that unpacks to more than it says stops there", async () => {
    const members = await zipOf(deflated("a.npy", new Uint8Array(32 << 20), 1000));
    await expect(members.get("a.npy")?.read()).rejects.toThrow('member "a.npy" does not unpack');
  });

  it("members that share bytes are refused", async () => {
    const zip = Buffer.from(storedZip({ a: new Uint8Array(4000), b: new Uint8Array(4) }));
    const second = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    zip.writeUInt32LE(4000, second + 20);
    zip.writeUInt32LE(0, second + 42);
    await expect(zipOf(new Uint8Array(zip))).rejects.toThrow("its members share bytes");
  });

  it("names that climb out of a folder stay names", async () => {
    const members = await zipOf(storedZip({ "../../a.npy": npy("6,", numbers(6)) }));
    expect([...members.keys()]).toEqual(["../../a.npy"]);
  });

  it.each(["../outside.bin", "a/../../outside.bin", "/etc/hostname", "..\\outside.bin"])(
    "weights from %s are refused",
    async (location) => {
      const folder = await mkdtemp(join(tmpdir(), "saelab-hostile-"));
      const entry = bytesField(13, [bytesField(1, "location"), bytesField(2, location)]);
      const weight = bytesField(5, [
        varintField(1, 4),
        varintField(2, 1),
        bytesField(8, "w"),
        entry,
        varintField(14, 1),
      ]);
      const graph = [nodeField("Identity", ["w"], { names: ["y"] }), weight];
      await writeFile(join(folder, "model.onnx"), encodeMessage([varintField(1, 8), bytesField(7, graph)]));
      await expect(openGraphFile(join(folder, "model.onnx"))).rejects.toThrow(
        "only files in its own folder are read",
      );
      await rm(folder, { recursive: true });
    },
  );

  it("graphs in circles, and branches that nest without end, are refused", () => {
    const circle = [
      nodeField("Identity", ["b"], { names: ["a"] }),
      nodeField("Identity", ["a"], { names: ["b"] }),
    ];
    const modelOf = (graph: Parameters<typeof bytesField>[1]) => encodeMessage([bytesField(7, graph)]);
    expect(() => decodeGraph(modelOf(circle))).toThrow(/reads "[ab]", which is made from what it makes/);
    let inside = encodeMessage([nodeField("Identity", ["x"], { names: ["y"] })]);
    for (let i = 0; i < 5000; i++) {
      inside = encodeMessage([bytesField(1, [bytesField(5, [bytesField(6, inside)])])]);
    }
    expect(() => decodeGraph(modelOf(inside))).toThrow("its branches nest too deeply");
  });
});
