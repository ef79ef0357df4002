/**
 * A causal language model's graph, changed so that it says log-probabilities itself: of [context, position, vocabulary]
 * logits only the few numbers that are asked for leave the runtime. Where the graph takes a key-value cache, the cache of
 * one prefix serves a whole batch: it is repeated inside the graph.
 */
import type { Graph, GraphNode, GraphValue } from "../../model/onnx/graph.js";
import { nodeField, valueInfo } from "../../model/onnx/graph-builder.js";
import { bytesField, encodeMessage, type Field, textOf } from "../../model/onnx/protobuf.js";

/** Inputs that are added to the graph's own; int64. */
export const scoringInputs = {
  /** `[context, position, 1]`: the ids whose log-probabilities are wanted. */
  targets: "saelab.targets",
  /** `[candidate]`: ids whose log-probabilities are wanted at every position. */
  candidates: "saelab.candidates",
  /** `[4]`: `context, 1, 1, 1`; only with a cache. */
  repeat: "saelab.repeat",
} as const;

/** Outputs in place of the logits; float32, nats. */
export const scoringOutputs = {
  /** `[context, position, 1]`. */
  targets: "saelab.of-targets",
  /** `[context, position, candidate]`. */
  candidates: "saelab.of-candidates",
} as const;

/** One tensor of the cache, `[1, head, past position, width]`. */
export interface CacheTensor {
  readonly input: string;
  /** The output that holds the same tensor with the new positions behind the old ones. */
  readonly output: string;
  readonly heads: number;
  readonly width: number;
}

export interface ScoringGraph {
  readonly model: Uint8Array;
  /** Empty where the graph takes no cache. */
  readonly cache: readonly CacheTensor[];
}

const modelGraph = 7;
const graphNode = 1;
const graphInput = 11;
const graphOutput = 12;
const graphValueInfo = 13;
const float32 = 1;

/** Makes the model that says log-probabilities. */
export function scoringGraph(graph: Graph): ScoringGraph {
  const cache = cacheTensors(graph);
  const repeated = new Map(cache.map(({ input }) => [input, `saelab.repeated.${input}`]));
  const nodes = [
    ...[...repeated].map(([from, to]) => nodeField("Expand", [from, scoringInputs.repeat], { names: [to] })),
    ...graph.nodes.map((node) => bytesField(graphNode, renameInputs(node, repeated))),
    ...scoringNodes((graph.outputs.find(({ name }) => name === "logits") ?? graph.outputs[0]).name),
  ];
  const presents = new Set(cache.map(({ output }) => output));
  const outputs = [
    ...graph.outputs.filter(({ name }) => presents.has(name)).map(({ field }) => field),
    ...Object.values(scoringOutputs).map((name) => bytesField(graphOutput, [bytesField(1, name)])),
  ];
  const dropped = new Set([graphNode, graphOutput, graphValueInfo]);
  const rest = graph.fields.filter((field) => !dropped.has(field.number));
  const whole = [...nodes, ...rest, ...inputFields(cache.length > 0), ...outputs];
  const model = graph.modelFields.map((field) =>
    field.number === modelGraph ? bytesField(modelGraph, whole) : field,
  );
  return { model: encodeMessage(model), cache };
}

function scoringNodes(logits: string): Field[] {
  const { targets, candidates } = scoringInputs;
  return [
    nodeField("Cast", [logits], { names: ["saelab.logits"], attributes: { to: float32 } }),
    nodeField("LogSoftmax", ["saelab.logits"], { names: ["saelab.log"], attributes: { axis: -1 } }),
    nodeField("GatherElements", ["saelab.log", targets], {
      names: [scoringOutputs.targets],
      attributes: { axis: 2 },
    }),
    nodeField("Gather", ["saelab.log", candidates], {
      names: [scoringOutputs.candidates],
      attributes: { axis: 2 },
    }),
  ];
}

function inputFields(withCache: boolean): Field[] {
  const shapes = new Map<string, (number | string)[]>([
    [scoringInputs.targets, ["saelab.contexts", "saelab.positions", 1]],
    [scoringInputs.candidates, ["saelab.choices"]],
  ]);
  if (withCache) shapes.set(scoringInputs.repeat, [4]);
  return [...shapes].map(([name, shape]) => bytesField(graphInput, valueInfo(name, shape, "int64")));
}

/**
 * The cache's tensors, where all of them are float32, laid out as exporters do today, and come out again with the same
 * names; else none, and the prefix is computed again for every text.
 */
function cacheTensors(graph: Graph): CacheTensor[] {
  const past = graph.inputs.filter(({ name }) => name.startsWith("past"));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const captured = new Set(graph.nodes.flatMap((node) => node.captured));
  const tensors = past.flatMap((value) => {
    const output = value.name.replace(/^past(_key_values?)?/, "present");
    const known = outputs.has(output) && !captured.has(value.name);
    return known ? (cacheTensor(value, output) ?? []) : [];
  });
  return tensors.length === past.length ? tensors : [];
}

function cacheTensor({ name, dataType, shape }: GraphValue, output: string): CacheTensor | undefined {
  const [, heads, positions, width] = shape;
  if (dataType !== float32 || shape.length !== 4 || typeof positions !== "string") return undefined;
  if (typeof heads !== "number" || typeof width !== "number") return undefined;
  return { input: name, output, heads, width };
}

function renameInputs(node: GraphNode, names: ReadonlyMap<string, string>): Field[] {
  return node.fields.map((field) => {
    const name = field.number === 1 ? names.get(textOf(field)) : undefined;
    return name === undefined ? field : bytesField(1, name);
  });
}
