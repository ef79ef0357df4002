import { DataFlow } from "./data-flow.js";
import { attributeName, type Graph, type GraphNode, type GraphValue, integerAttribute } from "./graph.js";

const fused = ["GroupQueryAttention", "MultiHeadAttention"];
/** Of an operator that keeps its cache in a ring as long as its window, which then may not be empty. */
const ring = "sliding_window_cache";

/**
 * The graph fit for a key-value cache of length 0, where it has fused attention as onnxruntime-genai writes it: widths of heads
 * stand in the shapes of the cache's inputs, which name them only, and no cache is a ring. Other graphs as they are.
 */
export function emptyCaches(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => fused.includes(op))) return graph;
  const flow = new DataFlow(graph);
  const sized = (value: GraphValue): GraphValue => {
    const reader = graph.nodes.find(({ op, inputs }) => fused.includes(op) && inputs.includes(value.name));
    const width = reader && headWidth(reader, flow);
    return width ? { ...value, shape: [...value.shape.slice(0, -1), width] } : value;
  };
  return {
    ...graph,
    inputs: graph.inputs.map((value) => (isUnsized(value) ? sized(value) : value)),
    nodes: graph.nodes.map((node) => (fused.includes(node.op) ? withoutRing(node) : node)),
  };
}

function isUnsized({ name, shape }: GraphValue): boolean {
  return name.startsWith("past") && typeof shape.at(-1) === "string";
}

/** From what the queries, keys and values together are wide, which come from one product or from three. */
function headWidth(node: GraphNode, flow: DataFlow): number | undefined {
  const heads = integerAttribute(node, "num_heads");
  if (!heads) return undefined;
  const shared = integerAttribute(node, "kv_num_heads") ?? heads;
  const made = node.inputs.slice(0, 3).flatMap((name) => flow.projections(name, new Set()));
  const widths = new Map(made.map(({ output, outputWidth }) => [output, outputWidth ?? Number.NaN]));
  const width = [...widths.values()].reduce((sum, n) => sum + n, 0) / (heads + 2 * shared);
  return Number.isInteger(width) ? width : undefined;
}

function withoutRing(node: GraphNode): GraphNode {
  return { ...node, fields: node.fields.filter((field) => attributeName(field) !== ring) };
}
