/**
 * An ONNX graph that can be cut: nodes, weights, inputs and outputs are decoded, everything else
 * is carried along untouched. Cutting is not cosmetic: ONNX Runtime computes the whole graph even
 * where only an early tensor is fetched, so a tap must remove what lies behind it.
 * Field numbers: onnx.proto (ONNX 1.x, IR 3 to 12).
 */
import { orderNodes } from "./order-nodes.js";
import {
  all,
  bytesField,
  decodeMessage,
  encodeMessage,
  type Field,
  first,
  integersOf,
  textOf,
} from "./protobuf.js";

export interface GraphNode {
  readonly op: string;
  readonly name: string;
  /** Tensor names; `""` for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Tensors that sub-graphs of this node (If, Loop, Scan) read from outside. */
  readonly captured: readonly string[];
  /** NodeProto's fields. */
  readonly fields: readonly Field[];
}

/** A weight that is stored in the file. */
export interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  /** TensorProto.DataType: 1 float, 7 int64, 10 float16 … */
  readonly dataType: number;
  /** File beside the model that holds the numbers, where they are not inline. */
  readonly externalFile: string | undefined;
  readonly field: Field;
}

/** A graph input or output. */
export interface GraphValue {
  readonly name: string;
  /** TensorProto.DataType; 0 where the file does not say. */
  readonly dataType: number;
  /** A number, or the name of a size that varies. */
  readonly shape: readonly (number | string)[];
  readonly field: Field;
}

export interface Graph {
  /** ModelProto's fields. */
  readonly modelFields: readonly Field[];
  /** GraphProto's fields. */
  readonly fields: readonly Field[];
  readonly nodes: readonly GraphNode[];
  readonly initializers: ReadonlyMap<string, Initializer>;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
}

const modelGraph = 7;
const modelOpset = 8;
const nodeAttribute = 5;
const graphNode = 1;
const graphInitializer = 5;
const graphInput = 11;
const graphOutput = 12;
const graphValueInfo = 13;
/** Branches in branches in branches: exports have two or three. */
const deepestNesting = 16;

/**
 * Reads an ONNX model. Weights stay views into `bytes`.
 *
 * @throws {SyntaxError} If the bytes are not an ONNX model.
 */
export function decodeGraph(bytes: Uint8Array): Graph {
  const modelFields = decodeMessage(bytes);
  const graph = first(modelFields, modelGraph);
  if (graph?.wire !== 2) throw new SyntaxError("Cannot read an ONNX model: it holds no graph");
  const fields = decodeMessage(graph.payload);
  const initializers = all(fields, graphInitializer).map(decodeInitializer);
  const named = new Map(initializers.map((i) => [i.name, i]));
  return {
    modelFields,
    fields,
    nodes: orderNodes(all(fields, graphNode).map((field) => decodeNode(decodeMessage(field.payload)))),
    initializers: named,
    // Before IR 4 every initializer is also listed as an input.
    inputs: all(fields, graphInput)
      .map(decodeValue)
      .filter((value) => !named.has(value.name)),
    outputs: all(fields, graphOutput).map(decodeValue),
  };
}

/**
 * The model that computes only these tensors: they become its outputs, and nodes, weights and
 * inputs that none of them needs are gone.
 *
 * @throws {RangeError} If no node makes one of them.
 */
export function prefixModel(graph: Graph, tensors: readonly string[]): Uint8Array {
  const { nodes, used } = reachable(graph, tensors);
  const outputs = tensors.map((name) => {
    const known = graph.outputs.find((value) => value.name === name);
    // A bare name is enough: the runtime infers type and shape.
    return known?.field ?? bytesField(graphOutput, [bytesField(1, name)]);
  });
  const keeps = (field: Field) => {
    if (field.number === graphInitializer) return used.has(textOf(first(decodeMessage(field.payload), 8)));
    if (field.number === graphInput) return used.has(textOf(first(decodeMessage(field.payload), 1)));
    return true;
  };
  const dropped = new Set([graphNode, graphOutput, graphValueInfo]);
  const rest = graph.fields.filter((field) => !dropped.has(field.number) && keeps(field));
  const kept = nodes.map((node) => bytesField(graphNode, node.fields));
  return replaceGraph(graph.modelFields, [...kept, ...rest, ...outputs]);
}

/** The model with each initializer's field replaced. */
export function replaceInitializers(graph: Graph, replace: (initializer: Initializer) => Field): Uint8Array {
  const fields = new Map([...graph.initializers.values()].map((i) => [i.field, i]));
  return replaceGraph(
    graph.modelFields,
    graph.fields.map((field) => {
      const initializer = fields.get(field);
      return initializer ? replace(initializer) : field;
    }),
  );
}

/** Bytes of the weights that a set of tensors needs. */
export function prefixWeightBytes(graph: Graph, tensors: readonly string[]): number {
  const { used } = reachable(graph, tensors);
  let size = 0;
  for (const { name, shape, dataType } of graph.initializers.values()) {
    if (used.has(name)) size += shape.reduce((n, m) => n * m, 1) * (dataType === 1 ? 4 : 2);
  }
  return size;
}

/** Maps each tensor to the node that makes it. */
export function producers(graph: Graph): Map<string, GraphNode> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}

function reachable(graph: Graph, tensors: readonly string[]) {
  const makers = producers(graph);
  const used = new Set<string>();
  const nodes = new Set<GraphNode>();
  const queue = [...tensors];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    const node = makers.get(name);
    if (!node || nodes.has(node)) continue;
    nodes.add(node);
    queue.push(...node.inputs, ...node.captured);
  }
  const orphan = tensors.find((name) => !makers.has(name));
  if (orphan !== undefined) throw new RangeError(`Cannot cut the graph at "${orphan}": no node makes it`);
  return { nodes: graph.nodes.filter((node) => nodes.has(node)), used };
}

function replaceGraph(modelFields: readonly Field[], fields: Field[]): Uint8Array {
  return encodeMessage(
    modelFields.map((field) => (field.number === modelGraph ? bytesField(modelGraph, fields) : field)),
  );
}

/** A node from NodeProto's fields. */
export function decodeNode(fields: readonly Field[], depth = 0): GraphNode {
  return {
    op: textOf(first(fields, 4)),
    name: textOf(first(fields, 3)),
    inputs: all(fields, 1).map(textOf),
    outputs: all(fields, 2).map(textOf),
    captured: all(fields, nodeAttribute).flatMap((attribute) => capturedBy(attribute, depth)),
    fields,
  };
}

/** Names that an attribute's sub-graphs read from outside. */
function capturedBy(attribute: Field, depth: number): string[] {
  if (depth > deepestNesting)
    throw new SyntaxError("Cannot read an ONNX model: its branches nest too deeply");
  const fields = decodeMessage(attribute.payload);
  return [...all(fields, 6), ...all(fields, 11)].flatMap((graph) => {
    const inside = decodeMessage(graph.payload);
    const nodes = all(inside, graphNode).map((field) => decodeNode(decodeMessage(field.payload), depth + 1));
    const own = new Set([
      ...nodes.flatMap((node) => node.outputs),
      ...all(inside, graphInitializer).map((field) => decodeInitializer(field).name),
      ...all(inside, graphInput).map((field) => decodeValue(field).name),
    ]);
    const outputs = all(inside, graphOutput).map((field) => decodeValue(field).name);
    const read = [...nodes.flatMap((node) => [...node.inputs, ...node.captured]), ...outputs];
    return read.filter((name) => !own.has(name));
  });
}

/** A node's attribute of that name that is a whole number. */
export function integerAttribute(node: GraphNode, name: string): number | undefined {
  const fields = attributeFields(node, name);
  return fields && integersOf(fields, 3)[0];
}

/** AttributeProto's fields of the attribute of that name. */
export function attributeFields({ fields }: GraphNode, name: string): Field[] | undefined {
  const found = fields.find((field) => attributeName(field) === name);
  return found && decodeMessage(found.payload);
}

/** The attribute's name that a field of NodeProto has; `undefined` where it is no attribute. */
export function attributeName({ number, payload }: Field): string | undefined {
  return number === nodeAttribute ? textOf(first(decodeMessage(payload), 1)) : undefined;
}

/** Version of ONNX's own operators that the graph is written in. */
export function operatorVersion({ modelFields }: Graph): number {
  const sets = all(modelFields, modelOpset).map((field) => decodeMessage(field.payload));
  const own = sets.find((set) => ["", "ai.onnx"].includes(textOf(first(set, 1))));
  return (own && integersOf(own, 2)[0]) ?? 1;
}

/** A weight from a graph's field. */
export function decodeInitializer(field: Field): Initializer {
  const fields = decodeMessage(field.payload);
  const external = all(fields, 13).map((entry) => decodeMessage(entry.payload));
  const location = external.find((entry) => textOf(first(entry, 1)) === "location");
  return {
    name: textOf(first(fields, 8)),
    shape: integersOf(fields, 1),
    dataType: integersOf(fields, 2)[0] ?? 0,
    externalFile: location && textOf(first(location, 2)),
    field,
  };
}

function decodeValue(field: Field): GraphValue {
  const fields = decodeMessage(field.payload);
  const tensorType = nested(nested(fields, 2), 1);
  const dims = all(nested(tensorType, 2), 1).map((dim) => decodeMessage(dim.payload));
  return {
    name: textOf(first(fields, 1)),
    dataType: integersOf(tensorType, 1)[0] ?? 0,
    shape: dims.map((dim) => integersOf(dim, 1)[0] ?? textOf(first(dim, 2))),
    field,
  };
}

function nested(fields: readonly Field[], number: number): Field[] {
  const field = first(fields, number);
  return field ? decodeMessage(field.payload) : [];
}
