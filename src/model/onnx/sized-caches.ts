import { DataFlow } from "./data-flow.js";
import { type Graph, type GraphNode, type GraphValue, integerAttribute } from "./graph.js";

/**
 * The graph with the width of a head in the shapes of its cache's inputs, where these name it only, as those of
 * onnxruntime-genai do: the operator that reads them tells. Other graphs as they are.
 */
export function sizedCaches(graph: Graph): Graph {
  const unsized = (value: GraphValue) =>
    value.name.startsWith("past") && typeof value.shape.at(-1) === "string";
  if (!graph.inputs.some(unsized)) return graph;
  const flow = new DataFlow(graph);
  const sized = (value: GraphValue): GraphValue => {
    const reader = graph.nodes.find(
      ({ op, inputs }) => op === "GroupQueryAttention" && inputs.includes(value.name),
    );
    const width = reader && headWidth(reader, flow);
    return width ? { ...value, shape: [...value.shape.slice(0, -1), width] } : value;
  };
  return { ...graph, inputs: graph.inputs.map((value) => (unsized(value) ? sized(value) : value)) };
}

/** From what the queries, keys and values together are wide: in one tensor or in three. */
function headWidth(node: GraphNode, flow: DataFlow): number | undefined {
  const heads = integerAttribute(node, "num_heads");
  const shared = integerAttribute(node, "kv_num_heads");
  if (!heads || !shared) return undefined;
  const made = node.inputs.slice(0, 3).flatMap((name) => flow.projections(name, new Set()));
  const width = made.reduce((sum, { outputWidth }) => sum + (outputWidth ?? Number.NaN), 0);
  return Number.isInteger(width) ? width / (heads + 2 * shared) : undefined;
}
