/**
 * Questions about where numbers come from in a graph. Shapes do not count as numbers: a path that
 * leads through `Shape` ends there, and so do the size and index operands of reshaping nodes.
 */
import { type Graph, type GraphNode, producers } from "./graph.js";
import { all, decodeMessage, first, integersOf, textOf } from "./protobuf.js";

const sizeOps = new Set(["Shape", "Size", "ConstantOfShape", "Range"]);
const firstOperandOnly = new Set([
  "Reshape",
  "Expand",
  "Slice",
  "Unsqueeze",
  "Squeeze",
  "Tile",
  "Split",
  "Pad",
]);
const noOps = new Set(["Cast", "Identity", "Dropout"]);
const viewOps = new Set([...noOps, "Reshape", "Flatten", "Squeeze", "Unsqueeze"]);
const projectionOps = new Set(["MatMul", "Gemm", "MatMulNBits"]);

export interface DataFlow {
  maker(tensor: string): GraphNode | undefined;
  /** Whether a tensor is the same whatever the inputs are. */
  isConstant(tensor: string): boolean;
  /** The tensor whose values this one repeats, before casts and the like. */
  origin(tensor: string): string;
  /** The same, looking through reshapes too. */
  unshaped(tensor: string): string;
  /** Whether the numbers of `tensor` depend on those of `ancestor`. */
  dependsOn(tensor: string, ancestor: string): boolean;
  /** Nodes that the numbers of `tensor` go through, back to the tensors in `stops`. */
  cone(tensor: string, stops: ReadonlySet<string>): Set<GraphNode>;
  /** The first multiplications by weights that one meets on the way back from `tensor` to `stops`. */
  projections(tensor: string, stops: ReadonlySet<string>): Projection[];
}

/** A multiplication by a weight matrix. */
export interface Projection {
  /** The tensor that is multiplied. */
  readonly input: string;
  /** Size of its last dimension, where the graph tells. */
  readonly inputWidth: number | undefined;
  readonly outputWidth: number | undefined;
}

export function dataFlow(graph: Graph): DataFlow {
  const makers = producers(graph);
  const constants = new Map<string, boolean>();
  const isConstant = (tensor: string): boolean => {
    const known = constants.get(tensor);
    if (known !== undefined) return known;
    const node = makers.get(tensor);
    const constant = node ? node.inputs.every(isConstant) : graph.initializers.has(tensor) || tensor === "";
    constants.set(tensor, constant);
    return constant;
  };
  const through = (ops: ReadonlySet<string>) => (tensor: string) => {
    let name = tensor;
    for (let node = makers.get(name); node && ops.has(node.op); node = makers.get(name)) {
      name = node.inputs[0];
    }
    return name;
  };
  const walk = (tensor: string, visit: (name: string, node: GraphNode | undefined) => boolean) => {
    const seen = new Set<string>();
    const queue = [tensor];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const node = makers.get(name);
      if (visit(name, node) && node) queue.push(...dataInputs(node));
    }
  };
  const dependsOn = (tensor: string, ancestor: string) => {
    let found = false;
    walk(tensor, (name) => {
      found ||= name === ancestor;
      return !found;
    });
    return found;
  };
  const cone = (tensor: string, stops: ReadonlySet<string>) => {
    const nodes = new Set<GraphNode>();
    walk(tensor, (name, node) => {
      if (stops.has(name)) return false;
      if (node) nodes.add(node);
      return true;
    });
    return nodes;
  };
  const projections = (tensor: string, stops: ReadonlySet<string>) => {
    const found: Projection[] = [];
    walk(tensor, (name, node) => {
      if (stops.has(name)) return false;
      const projection = node && projectionOf(graph, node, { makers, isConstant });
      if (projection) found.push(projection);
      return !projection;
    });
    return found;
  };
  const maker = (tensor: string) => makers.get(tensor);
  const origin = through(noOps);
  return { maker, isConstant, origin, unshaped: through(viewOps), dependsOn, cone, projections };
}

function dataInputs(node: GraphNode): readonly string[] {
  if (sizeOps.has(node.op)) return [];
  const inputs = node.inputs.filter((name) => name !== "");
  return firstOperandOnly.has(node.op) ? inputs.slice(0, 1) : inputs;
}

type Known = { makers: Map<string, GraphNode>; isConstant: (tensor: string) => boolean };

function projectionOf(graph: Graph, node: GraphNode, known: Known): Projection | undefined {
  if (!projectionOps.has(node.op)) return undefined;
  const [input, weight] = node.inputs;
  if (known.isConstant(input) || !known.isConstant(weight)) return undefined;
  if (node.op === "MatMulNBits") {
    return { input, inputWidth: attribute(node, "K"), outputWidth: attribute(node, "N") };
  }
  const shape = weightShape(graph, weight, known.makers);
  const [rows, columns] = shape?.length === 2 ? shape : [];
  return attribute(node, "transB")
    ? { input, inputWidth: columns, outputWidth: rows }
    : { input, inputWidth: rows, outputWidth: columns };
}

/** A weight's shape, also where it is stored transposed, shared or in another type. */
function weightShape(graph: Graph, tensor: string, makers: Map<string, GraphNode>): number[] | undefined {
  const stored = graph.initializers.get(tensor);
  if (stored) return [...stored.shape];
  const node = makers.get(tensor);
  if (!node) return undefined;
  if (node.op === "Constant") return constantShape(node);
  const shape = weightShape(graph, node.inputs[0], makers);
  return node.op === "Transpose" ? shape?.reverse() : shape;
}

function constantShape(node: GraphNode): number[] | undefined {
  const value = attributeFields(node, "value");
  const tensor = value && first(value, 5);
  return tensor && integersOf(decodeMessage(tensor.payload), 1);
}

function attribute(node: GraphNode, name: string): number | undefined {
  const fields = attributeFields(node, name);
  return fields && integersOf(fields, 3)[0];
}

function attributeFields(node: GraphNode, name: string) {
  const decoded = all(node.fields, 5).map((field) => decodeMessage(field.payload));
  return decoded.find((fields) => textOf(first(fields, 1)) === name);
}
