import { attributeFields, decodeInitializer, decodeNode, type Graph, type GraphNode } from "./graph.js";
import { nodeField } from "./graph-builder.js";
import { all, decodeMessage, type Field, first, textOf } from "./protobuf.js";

/** The input of a merged decoder (`decoder_model_merged.onnx` of Optimum) that says which body is to run. */
const choice = "use_cache_branch";

const graphNode = 1;
const graphInitializer = 5;
const graphOutput = 12;
const attributeGraph = 6;

/**
 * A merged decoder holds two bodies under an `If`, one that goes on from a cache and one that does not. The graph with the
 * second in its place; any other graph as it is.
 *
 * @throws {SyntaxError} If it has no second body.
 */
export function noCacheBranch(graph: Graph): Graph {
  const node = graph.nodes.find(({ op, inputs }) => op === "If" && inputs[0] === choice);
  if (!node) return graph;
  const body = elseBranch(node);
  const weights = all(body, graphInitializer);
  const inside = all(body, graphNode).map((field) => decodeNode(decodeMessage(field.payload)));
  const names = all(body, graphOutput).map((field) => textOf(first(decodeMessage(field.payload), 1)));
  const renamed = names.flatMap((name, i) =>
    name === node.outputs[i] ? [] : [identity(name, node.outputs[i])],
  );
  const flag = graph.inputs.find(({ name }) => name === choice)?.field;
  return {
    ...graph,
    nodes: graph.nodes.flatMap((other) => (other === node ? [...inside, ...renamed] : [other])),
    fields: [...graph.fields.filter((field) => field !== flag), ...weights],
    initializers: new Map([
      ...graph.initializers,
      ...weights.map(decodeInitializer).map((weight) => [weight.name, weight] as const),
    ]),
    inputs: graph.inputs.filter(({ name }) => name !== choice),
  };
}

function elseBranch(node: GraphNode): Field[] {
  const found = attributeFields(node, "else_branch");
  const body = found && first(found, attributeGraph);
  if (body) return decodeMessage(body.payload);
  throw new SyntaxError(`Cannot read an ONNX model: its "If" over "${choice}" has no else_branch`);
}

function identity(from: string, to: string): GraphNode {
  return decodeNode(decodeMessage(nodeField("Identity", [from], { names: [to] }).payload));
}
