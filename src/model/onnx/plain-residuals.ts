/**
 * Graphs that ONNX Runtime has optimised add a branch to the residual stream and normalise the sum in one node
 * (`SkipLayerNormalization`, `SkipSimplifiedLayerNormalization`), which hands the sum over as its fourth output or
 * not at all. Taken apart again, they read like any other graph. The operators' inputs and outputs:
 * ONNX Runtime, docs/ContribOperators.md.
 */
import { attributeName, decodeNode, type Graph, type GraphNode, producers } from "./graph.js";
import { nodeField } from "./graph-builder.js";
import { decodeMessage, type Field } from "./protobuf.js";

/** For each operator, what normalises alone, and how many inputs that takes besides the sum. */
const norms = new Map([
  ["SkipLayerNormalization", { op: "LayerNormalization", weights: 2 }],
  ["SkipSimplifiedLayerNormalization", { op: "SimplifiedLayerNormalization", weights: 1 }],
]);
const products = new Set(["MatMul", "Gemm", "FusedMatMul", "MatMulNBits"]);

/** The graph with an `Add` of its own for each addition to the residual stream. */
export function plainResiduals(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => norms.has(op))) return graph;
  const makers = producers(graph);
  const isProduct = (tensor: string) => products.has(makers.get(tensor)?.op ?? "");
  return { ...graph, nodes: graph.nodes.flatMap((node) => takenApart(node, isProduct)) };
}

function takenApart(node: GraphNode, isProduct: (tensor: string) => boolean): GraphNode[] {
  const norm = norms.get(node.op);
  if (!norm) return [node];
  const [a, b, ...rest] = node.inputs;
  const [normalised, , , sum = ""] = node.outputs;
  const weights = rest.slice(0, norm.weights);
  const bias = rest[norm.weights] ?? "";
  const total = sum === "" ? `${normalised}/sum` : sum;
  const made: GraphNode[] = [];
  // The bias belongs to the branch, whose last step is a product.
  const [stream, branch] = isProduct(a) && !isProduct(b) ? [b, a] : [a, b];
  const biased = bias === "" ? branch : `${normalised}/branch`;
  if (bias !== "") made.push(newNode("Add", [branch, bias], biased));
  made.push(newNode("Add", [stream, biased], total));
  made.push(newNode(norm.op, [total, ...weights], normalised, epsilonOf(node)));
  return made;
}

function newNode(op: string, inputs: readonly string[], output: string, attributes: readonly Field[] = []) {
  const field = nodeField(op, inputs, { names: [output] });
  return decodeNode([...decodeMessage(field.payload), ...attributes]);
}

function epsilonOf({ fields }: GraphNode): Field[] {
  return fields.filter((field) => attributeName(field) === "epsilon");
}
