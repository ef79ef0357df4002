/**
 * Questions about where numbers come from in a graph. Shapes do not count as numbers: a path that
 * leads through `Shape` ends there, and so do the size and index operands of reshaping nodes.
 */
import { attributeFields, type Graph, type GraphNode, integerAttribute, producers } from "./graph.js";
import { decodeMessage, first, integersOf } from "./protobuf.js";

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
const productOps = new Set(["MatMul", "FusedMatMul", "Einsum"]);
const projectionOps = new Set(["MatMul", "Gemm", "FusedMatMul", "FusedGemm", "MatMulNBits"]);

/** A multiplication by a weight matrix. */
export interface Projection {
  /** The tensor that is multiplied, and the product. */
  readonly input: string;
  readonly output: string;
  /** Size of its last dimension, where the graph tells. */
  readonly inputWidth: number | undefined;
  readonly outputWidth: number | undefined;
}

/** The flow of numbers through one graph. */
export class DataFlow {
  readonly #graph: Graph;
  readonly #makers: Map<string, GraphNode>;
  /** Tensors that are the same whatever the inputs are. */
  readonly #constants: Set<string>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#makers = producers(graph);
    this.#constants = new Set(["", ...graph.initializers.keys()]);
    for (const { inputs, outputs } of graph.nodes) {
      if (!inputs.every((name) => this.#constants.has(name))) continue;
      for (const name of outputs) this.#constants.add(name);
    }
  }

  maker(tensor: string): GraphNode | undefined {
    return this.#makers.get(tensor);
  }

  /** Whether a tensor is the same whatever the inputs are. */
  isConstant(tensor: string): boolean {
    return this.#constants.has(tensor);
  }

  /** Whether a node multiplies two matrices that both are computed, as attention does with its weights and values. */
  isProduct({ op, inputs }: GraphNode): boolean {
    return productOps.has(op) && inputs.filter((name) => !this.isConstant(name)).length > 1;
  }

  /** The tensor whose values this one repeats, before casts and the like. */
  origin(tensor: string): string {
    return this.#through(noOps, tensor);
  }

  /** The same, looking through reshapes too. */
  unshaped(tensor: string): string {
    return this.#through(viewOps, tensor);
  }

  /** Whether the numbers of `tensor` depend on those of `ancestor`. */
  dependsOn(tensor: string, ancestor: string): boolean {
    let found = false;
    this.#walkBack(tensor, (name) => {
      found ||= name === ancestor;
      return !found;
    });
    return found;
  }

  /** Nodes that the numbers of `tensor` go through, back to the tensors in `stops`. */
  cone(tensor: string, stops: ReadonlySet<string>): Set<GraphNode> {
    const nodes = new Set<GraphNode>();
    this.#walkBack(tensor, (name, node) => {
      if (stops.has(name)) return false;
      if (node) nodes.add(node);
      return true;
    });
    return nodes;
  }

  /** The first multiplications by weights that one meets on the way back from `tensor` to `stops`. */
  projections(tensor: string, stops: ReadonlySet<string>): Projection[] {
    const found: Projection[] = [];
    this.#walkBack(tensor, (name, node) => {
      if (stops.has(name)) return false;
      const projection = node && this.#projection(node);
      if (projection) found.push(projection);
      return !projection;
    });
    return found;
  }

  #through(ops: ReadonlySet<string>, tensor: string): string {
    let name = tensor;
    for (let node = this.maker(name); node && ops.has(node.op); node = this.maker(name)) {
      name = node.inputs[0];
    }
    return name;
  }

  /** Goes on behind a tensor while `visit` says so. */
  #walkBack(tensor: string, visit: (name: string, node: GraphNode | undefined) => boolean): void {
    const seen = new Set<string>();
    const queue = [tensor];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const node = this.maker(name);
      if (visit(name, node) && node) queue.push(...dataInputs(node));
    }
  }

  #projection(node: GraphNode): Projection | undefined {
    if (!projectionOps.has(node.op)) return undefined;
    const [input, weight] = node.inputs;
    const [output] = node.outputs;
    if (this.isConstant(input) || !this.isConstant(weight)) return undefined;
    if (node.op === "MatMulNBits") {
      return {
        input,
        output,
        inputWidth: integerAttribute(node, "K"),
        outputWidth: integerAttribute(node, "N"),
      };
    }
    const shape = this.#weightShape(weight);
    const [rows, columns] = shape?.length === 2 ? shape : [];
    return integerAttribute(node, "transB")
      ? { input, output, inputWidth: columns, outputWidth: rows }
      : { input, output, inputWidth: rows, outputWidth: columns };
  }

  /** A weight's shape, also where it is stored transposed, shared or in another type. */
  #weightShape(tensor: string): number[] | undefined {
    const stored = this.#graph.initializers.get(tensor);
    if (stored) return [...stored.shape];
    const node = this.maker(tensor);
    if (!node) return undefined;
    if (node.op === "Constant") return constantShape(node);
    const shape = this.#weightShape(node.inputs[0]);
    return node.op === "Transpose" ? shape?.reverse() : shape;
  }
}

function dataInputs(node: GraphNode): readonly string[] {
  if (sizeOps.has(node.op)) return [];
  const inputs = node.inputs.filter((name) => name !== "");
  return firstOperandOnly.has(node.op) ? inputs.slice(0, 1) : inputs;
}

function constantShape(node: GraphNode): number[] | undefined {
  const value = attributeFields(node, "value");
  const tensor = value && first(value, 5);
  return tensor && integersOf(decodeMessage(tensor.payload), 1);
}
