import type { GraphTail } from "../subject-model.js";
import { decodeNode, type Graph, operatorVersion } from "./graph.js";
import { graphBuilder } from "./graph-builder.js";
import { decodeMessage } from "./protobuf.js";

const onnxFloat = 1;

/** A tail and the tensors that it reads. */
export interface PlacedTail {
  readonly tail: GraphTail;
  readonly places: readonly { readonly tensor: string; readonly width: number }[];
}

/** A graph with tails; for each of them, tensors by the names that it gave its outputs. */
export interface ExtendedGraph {
  readonly graph: Graph;
  readonly outputs: readonly ReadonlyMap<string, string>[];
}

/** The graph with the nodes and weights of each tail, under names that begin with `tail0/`, `tail1/` … */
export function extendGraph(graph: Graph, tails: readonly PlacedTail[]): ExtendedGraph {
  const opset = operatorVersion(graph);
  const parts = tails.map(({ tail, places }, i) => {
    const prefix = `tail${i}/`;
    const builder = graphBuilder({ opset, prefix });
    const inputs = places.map(({ tensor, width }, place) => {
      // Half precision is widened; contexts and positions may be two dimensions or one.
      const [wide] = builder.node("Cast", [tensor], { attributes: { to: onnxFloat } });
      const shape = builder.weight(`shape${place}`, BigInt64Array.of(-1n, BigInt(width)), [2]);
      return builder.node("Reshape", [wide, shape])[0];
    });
    const joined = inputs.length > 1 ? builder.node("Concat", inputs, { attributes: { axis: 1 } }) : inputs;
    const outputs = tail.append(builder, joined[0]);
    const names = new Map(Object.keys(outputs).map((name) => [name, prefix + name]));
    return { ...builder.part(outputs), names };
  });
  const nodes = parts.flatMap((part) => part.nodes.map((field) => decodeNode(decodeMessage(field.payload))));
  return {
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...nodes],
      fields: [...graph.fields, ...parts.flatMap((part) => part.weights)],
    },
    outputs: parts.map((part) => part.names),
  };
}
