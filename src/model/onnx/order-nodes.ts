import type { GraphNode } from "./graph.js";

/**
 * The nodes so that each stands behind those that make what it reads; those that stand so already keep their places. ONNX wants
 * files in this order, but converters to half precision put their casts last.
 *
 * @throws {SyntaxError} If two nodes make the same tensor, or one is made from itself.
 */
export function orderNodes(nodes: readonly GraphNode[]): GraphNode[] {
  const makers = makersOf(nodes);
  const begun = new Set<GraphNode>();
  const ordered = new Set<GraphNode>();
  for (const node of nodes) {
    const path = [node];
    for (let last = path.at(-1); last; last = path.at(-1)) {
      if (begun.has(last)) {
        ordered.add(last);
        path.pop();
        continue;
      }
      begun.add(last);
      for (const name of [...last.inputs, ...last.captured]) {
        const maker = makers.get(name);
        if (!maker || ordered.has(maker)) continue;
        // What has begun and is not placed yet waits for this one.
        if (begun.has(maker)) throw circle(last, name);
        path.push(maker);
      }
    }
  }
  return [...ordered];
}

function makersOf(nodes: readonly GraphNode[]): Map<string, GraphNode> {
  const makers = new Map<string, GraphNode>();
  for (const node of nodes) {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (makers.has(name)) throw new SyntaxError(`Cannot read an ONNX model: two nodes make "${name}"`);
      makers.set(name, node);
    }
  }
  return makers;
}

function circle(node: GraphNode, name: string): SyntaxError {
  return new SyntaxError(
    `Cannot read an ONNX model: node "${node.name}" reads "${name}", which is made from what it makes`,
  );
}
