import { FileError } from "../../errors.js";
import { emptyCaches } from "./empty-caches.js";
import type { Graph } from "./graph.js";
import { noCacheBranch } from "./no-cache-branch.js";
import { orderNodes } from "./order-nodes.js";
import { plainResiduals } from "./plain-residuals.js";

/**
 * The graph without what exporters and optimisers have put around its operators.
 *
 * @param path For errors.
 * @throws {FileError} If it is damaged.
 */
export function readableGraph(graph: Graph, path: string): Graph {
  try {
    const plain = plainResiduals(noCacheBranch(graph));
    return emptyCaches({ ...plain, nodes: orderNodes(plain.nodes) });
  } catch (cause) {
    throw new FileError(`Cannot read "${path}": ${(cause as Error).message}; fetch it again`, path, {
      cause,
    });
  }
}
