/** `saelab doctor model`, `coder` and `llm`: what a model, coder or server is, and whether it does what is needed. */
import { parseArgs } from "node:util";
import { openCorpus } from "./corpus/open-corpus.js";
import { packContexts } from "./corpus/pack-contexts.js";
import { inspectServer } from "./llm/inspect-server.js";
import { loadModel } from "./model/load-model.js";
import { probeProviders } from "./model/onnx/provider.js";
import type { SubjectModel } from "./model/subject-model.js";
import { inspectCoder } from "./sparse/inspect-coder.js";
import { loadSparseCoder } from "./sparse/load-sparse-coder.js";
import { type Tensor, tensor } from "./tensor.js";
import { textTable } from "./text-table.js";

const contextLength = 64;
const contexts = 24;
const options = {
  model: { type: "string", default: "demo" },
  corpus: { type: "string", default: "demo" },
} as const;

/** Prints what was found; gives the exit status: 1 if something is wrong. */
export async function doctorCommand([subject, ...args]: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [path] = positionals;
  if (!/^(model|coder|llm)$/.test(subject ?? "") || path === undefined || positionals.length > 1) {
    throw new SyntaxError("Cannot tell what to look at: give model PATH, coder PATH or llm URL");
  }
  if (subject === "llm") return await doctorServer(path);
  return subject === "model" ? await doctorModel(path) : await doctorCoder(path, values);
}

/** @param address `http://HOST/v1`, with `#MODEL` for another model than the first that the server lists. */
async function doctorServer(address: string): Promise<number> {
  const [baseURL, model] = address.split("#") as [string, string?];
  const found = await inspectServer(baseURL, { model });
  process.stdout.write(`${found}\n`);
  return found.abilities.some(({ works }) => works) ? 0 : 1;
}

async function doctorModel(source: string): Promise<number> {
  const model = await loadModel(source);
  const { name, dModel, contextLength: longest, tokenizer } = model;
  const limit = Number.isFinite(longest) ? `contexts of up to ${longest} tokens` : "contexts of any length";
  const head = `${name}: ${dModel} wide, ${tokenizer.vocabSize} tokens, ${limit}\n`;
  const rows = model.hookpoints.map((point) => [
    point.name,
    `[context, position, ${point.width}]`,
    point.alias ?? "",
  ]);
  process.stdout.write(`${head}\n${textTable([["hookpoint", "shape", "TransformerLens"], ...rows])}\n`);
  const providers = (await probeProviders()).map(({ provider, problem }) => [provider, problem ?? "works"]);
  process.stdout.write(`\n${textTable([["provider", "here"], ...providers])}\n`);
  await model.close();
  return 0;
}

async function doctorCoder(source: string, { model: name, corpus }: { model: string; corpus: string }) {
  const model = await loadModel(name);
  const coder = await loadSparseCoder(source);
  const tokens = await firstContexts(model, corpus);
  // Any place of the same width could be what was meant.
  const widths = new Set([coder.dModel, coder.decoderRow(0).length]);
  const places = model.hookpoints.filter(({ width }) => widths.has(width)).map((point) => point.name);
  const first = model.tokenizer.bosId === undefined ? 0 : 1;
  const activations = new Map<string, Tensor>();
  // BOS is part of every context and of no cache: its activations are like no others.
  for (const [name, found] of await model.activations(tokens, places))
    activations.set(name, behind(first, found));
  await Promise.all([model.close(), coder.close()]);
  const found = await inspectCoder(source, activations);
  process.stdout.write(`${found}\n`);
  return found.warning === undefined ? 0 : 1;
}

/** Positions from the first of each context on: `[context, position, width]` to `[positions, width]`. */
function behind(first: number, { data, shape: [count = 0, length = 0, width = 0] }: Tensor): Tensor {
  const kept = length - first;
  const rows = new Float32Array(count * kept * width);
  for (let i = 0; i < count; i++) {
    const context = data.subarray(i * length * width, (i + 1) * length * width);
    rows.set(context.subarray(first * width), i * kept * width);
  }
  return tensor(rows, [count * kept, width]);
}

/** As a cache has them, with BOS where the model was trained so. */
async function firstContexts(model: SubjectModel, source: string): Promise<Tensor<Int32Array>> {
  const corpus = await openCorpus(source);
  const length = Math.min(contextLength, model.contextLength);
  const rows: Int32Array[] = [];
  for await (const { tokens } of packContexts(model.tokenizer, corpus.documents(), {
    contextLength: length,
  })) {
    rows.push(tokens);
    if (rows.length === contexts) break;
  }
  const ids = new Int32Array(rows.length * length);
  for (const [i, tokens] of rows.entries()) ids.set(tokens, i * length);
  return tensor(ids, [rows.length, length]);
}
