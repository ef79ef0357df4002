/** Writes small ONNX graphs (IR 8): the opposite direction of `graph.ts`. */
import { bytesOfArray } from "../../formats/dtype.js";
import { type OutsidePlace, outsideFields } from "./outside-weights.js";
import { bytesField, encodeMessage, type Field, varintField } from "./protobuf.js";

const float = 1;
const uint8 = 2;
const int8 = 3;
const int64 = 7;
/** Types of weights outside a graph, as safetensors names them, by their numbers in ONNX. */
const outsideTypes = { F32: float, F16: 10, BF16: 16 } as const;
export type OutsideType = keyof typeof outsideTypes;
const attributeInt = 2;
const attributeInts = 7;

export interface GraphBuilder {
  /** Declares an input of float32; a string names a size that varies. */
  input(name: string, shape: readonly (number | string)[]): string;
  /** Stores numbers in the graph; not copied until `build`. */
  weight(name: string, data: WeightData, shape: readonly number[]): string;
  /** Refers to numbers that stay in their file, once for each name; the session needs `outsideRoot` as its folder. */
  weightAt(name: string, place: OutsidePlace & { dtype: OutsideType }, shape: readonly number[]): string;
  /** Adds a node with one output, or as many as `outputs` says, and gives their names. */
  node(op: string, inputs: readonly string[], options?: NodeOptions): string[];
  /** Adds a `Reduce…` over one axis and gives its output's name. */
  reduce(op: string, input: string, axis: { axis: number; keep: boolean }): string;
  /** Nodes and weights so far, to be put into another graph; each output gets a name of its own. */
  part(outputs: Readonly<Record<string, string>>): GraphPart;
  /** The model's bytes; each output gets a name of its own. */
  build(outputs: Readonly<Record<string, string>>): Uint8Array;
}

export type WeightData = Float32Array | BigInt64Array | Int8Array | Uint8Array;

export interface NodeOptions {
  /** Whose operator it is. Default: ONNX's own. */
  domain?: "com.microsoft";
  attributes?: Readonly<Record<string, number | readonly number[]>>;
  outputs?: number;
}

/** Fields of a graph. */
export interface GraphPart {
  readonly nodes: readonly Field[];
  readonly weights: readonly Field[];
}

export interface GraphBuilderOptions {
  /** Version of the operators, from 13. Default: 17. */
  opset?: number;
  /** Stands before every name. Default: nothing. */
  prefix?: string;
}

/** An empty graph to add to. */
export function graphBuilder({ opset = 17, prefix = "" }: GraphBuilderOptions = {}): GraphBuilder {
  const nodes: Field[] = [];
  const weights: Field[] = [];
  const inputs: Field[] = [];
  const outside = new Map<string, string>();
  let counter = 0;
  const weight: GraphBuilder["weight"] = (name, data, shape) => {
    weights.push(weightField(prefix + name, weightType(data), shape, [bytesField(9, bytesOfArray(data))]));
    return prefix + name;
  };
  const node: GraphBuilder["node"] = (op, operands, options = {}) => {
    const names = Array.from({ length: options.outputs ?? 1 }, () => `${prefix}t${counter++}`);
    nodes.push(nodeField(op, operands, { ...options, names }));
    return names;
  };
  const weightAt: GraphBuilder["weightAt"] = (name, place, shape) => {
    const known = outside.get(name);
    if (known !== undefined) return known;
    const stored = prefix + name;
    weights.push(weightField(stored, outsideTypes[place.dtype], shape, outsideFields(place)));
    // Folded when the session is made.
    const tensor = place.dtype === "F32" ? stored : node("Cast", [stored], { attributes: { to: float } })[0];
    outside.set(name, tensor);
    return tensor;
  };
  const input: GraphBuilder["input"] = (name, shape) => {
    inputs.push(bytesField(11, valueInfo(name, shape)));
    return name;
  };
  const reduce = reduction({ node, weight, opset });
  const part: GraphBuilder["part"] = (outputs) => ({
    nodes: [...nodes, ...renamed(outputs, prefix)],
    weights,
  });
  const build: GraphBuilder["build"] = (outputs) =>
    modelBytes(part(outputs), { inputs, outputs: Object.keys(outputs).map((name) => prefix + name), opset });
  return { input, weight, weightAt, node, reduce, part, build };
}

function reduction({
  node,
  weight,
  opset,
}: Pick<GraphBuilder, "node" | "weight"> & { opset: number }): GraphBuilder["reduce"] {
  let reductions = 0;
  return (op, input, { axis, keep }) => {
    const keepdims = keep ? 1 : 0;
    // Since version 18 of the operators an axis is an input.
    if (opset < 18) return node(op, [input], { attributes: { axes: [axis], keepdims } })[0];
    const axes = weight(`axes${reductions++}`, BigInt64Array.of(BigInt(axis)), [1]);
    return node(op, [input, axes], { attributes: { keepdims } })[0];
  };
}

/** TensorProto: name, type and shape, and fields with the numbers or where they lie. */
function weightField(name: string, type: number, shape: readonly number[], numbers: readonly Field[]): Field {
  const dims = shape.map((n) => varintField(1, n));
  return bytesField(5, [...dims, varintField(2, type), bytesField(8, name), ...numbers]);
}

/** Nodes that give tensors the names of outputs. */
function renamed(outputs: Readonly<Record<string, string>>, prefix: string): Field[] {
  return Object.entries(outputs).map(([name, tensor]) =>
    nodeField("Identity", [tensor], { names: [prefix + name] }),
  );
}

function modelBytes(
  { nodes, weights }: GraphPart,
  { inputs, outputs, opset }: { inputs: readonly Field[]; outputs: readonly string[]; opset: number },
): Uint8Array {
  const named = outputs.map((name) => bytesField(12, [bytesField(1, name)]));
  const operators = [bytesField(1, ""), varintField(2, opset)];
  const runtimes = [bytesField(1, "com.microsoft"), varintField(2, 1)];
  return encodeMessage([
    varintField(1, 8),
    bytesField(7, [...nodes, bytesField(2, "saelab"), ...weights, ...inputs, ...named]),
    bytesField(8, operators),
    bytesField(8, runtimes),
  ]);
}

/** A node as it stands in a graph; `names` are its outputs'. */
export function nodeField(
  op: string,
  inputs: readonly string[],
  { names, domain, attributes = {} }: Omit<NodeOptions, "outputs"> & { names: readonly string[] },
): Field {
  const fields = [
    ...inputs.map((name) => bytesField(1, name)),
    ...names.map((name) => bytesField(2, name)),
    bytesField(4, op),
    ...(domain ? [bytesField(7, domain)] : []),
  ];
  for (const [name, value] of Object.entries(attributes)) {
    const content =
      typeof value === "number"
        ? [varintField(3, value), varintField(20, attributeInt)]
        : [...value.map((n) => varintField(8, n)), varintField(20, attributeInts)];
    fields.push(bytesField(5, [bytesField(1, name), ...content]));
  }
  return bytesField(1, fields);
}

function weightType(data: WeightData): number {
  if (data instanceof Float32Array) return float;
  if (data instanceof BigInt64Array) return int64;
  return data instanceof Int8Array ? int8 : uint8;
}

/** Name, type and shape of an input; float32 unless said otherwise, `undefined` for any shape. */
export function valueInfo(
  name: string,
  shape: readonly (number | string)[] | undefined,
  type: "float32" | "int64" = "float32",
): Field[] {
  const dims = shape?.map((n) =>
    bytesField(1, [typeof n === "number" ? varintField(1, n) : bytesField(2, n)]),
  );
  const tensorType = [
    varintField(1, type === "int64" ? int64 : float),
    ...(dims ? [bytesField(2, dims)] : []),
  ];
  return [bytesField(1, name), bytesField(2, [bytesField(1, tensorType)])];
}
