/**
 * Finds hookpoints by the shape of the computation, not by names, which every exporter chooses
 * otherwise. The residual stream is the longest chain of `Add` nodes in which one operand is the
 * stream so far and the other, the branch, is computed from it. A branch in which computed matrices
 * are multiplied with each other is attention, any other is the MLP; a block ends with its MLP. In
 * parallel blocks (GPT-J, NeoX) the branch is itself the sum of both. The attention's last
 * multiplication by weights mixes the heads: what it reads are their outputs, one after the other.
 * The MLP's last multiplication is the down projection: what it reads are the neurons, and what the
 * multiplications before it read is the MLP's input.
 *
 * Checked against PyTorch on the exports of `test/model/exports.py`; a graph that does not fit is
 * refused with what was found.
 */
import { FileError } from "../../errors.js";
import type { Hookpoint } from "../subject-model.js";
import { DataFlow } from "./data-flow.js";
import type { Graph } from "./graph.js";

/** A hookpoint and the tensor that holds its values. */
export interface GraphHookpoint extends Hookpoint {
  readonly tensor: string;
}

/** One addition to the residual stream. */
interface Link {
  readonly stream: string;
  readonly branch: string;
  readonly output: string;
}

interface Block {
  readonly attention: string | undefined;
  readonly mlp: string;
  readonly output: string;
}

/** Attention in one node; otherwise it is told by its product of weights and values. */
const attentionOps = new Set(["Attention", "MultiHeadAttention", "GroupQueryAttention"]);

/**
 * The hookpoints of a graph in the order of computation.
 *
 * @param expected What the model's configuration says, to check against; the path, for errors.
 * @throws {FileError} If the blocks are not found, or are not as many as expected.
 */
export function findHookpoints(
  graph: Graph,
  expected: { path: string; layers?: number | undefined; dModel?: number | undefined },
): GraphHookpoint[] {
  const flow = new DataFlow(graph);
  const chain = longestChain(residualLinks(graph, flow));
  const stops = new Set(chain.flatMap((link) => [link.stream, link.output]));
  const blocks = groupBlocks(chain, flow, { stops, path: expected.path });
  if (blocks.length === 0 || (expected.layers ?? blocks.length) !== blocks.length) {
    throw refuse(expected.path, graph, `${blocks.length} blocks`, expected.layers);
  }
  const dModel =
    expected.dModel ?? flow.projections(blocks[0].mlp, stops).find((p) => p.outputWidth)?.outputWidth;
  if (!dModel) throw refuse(expected.path, graph, "no width of the residual stream", expected.layers);
  const embed = embedding(graph, flow, chain[0].stream);
  return [
    { name: "embed", alias: "hook_embed", width: dModel, tensor: embed },
    ...blocks.flatMap((block, n) => blockHookpoints(block, flow, { n, dModel, stops })),
  ];
}

/** Every `Add` whose one operand is computed from the other. */
function residualLinks(graph: Graph, flow: DataFlow): Link[] {
  const links: Link[] = [];
  for (const node of graph.nodes) {
    if (node.op !== "Add" || node.inputs.some((name) => flow.isConstant(name))) continue;
    // Through reshapes too: OPT flattens positions for its MLP.
    const [a, b] = node.inputs.map((name) => flow.unshaped(name));
    const [output] = node.outputs;
    if (flow.dependsOn(b, a)) links.push({ stream: a, branch: node.inputs[1], output });
    else if (flow.dependsOn(a, b)) links.push({ stream: b, branch: node.inputs[0], output });
  }
  return links;
}

/** The longest path through the links; nodes stand in order of computation, so one pass is enough. */
function longestChain(links: readonly Link[]): Link[] {
  const best = new Map<string, { link: Link; length: number }>();
  let last: { link: Link; length: number } | undefined;
  for (const link of links) {
    const entry = { link, length: 1 + (best.get(link.stream)?.length ?? 0) };
    best.set(link.output, entry);
    if (!last || entry.length > last.length) last = entry;
  }
  const chain: Link[] = [];
  for (let entry = last; entry; entry = best.get(entry.link.stream)) chain.unshift(entry.link);
  return chain;
}

function groupBlocks(
  chain: readonly Link[],
  flow: DataFlow,
  { stops, path }: { stops: ReadonlySet<string>; path: string },
): Block[] {
  const isAttention = (tensor: string) =>
    [...flow.cone(tensor, stops)].some((node) => attentionOps.has(node.op) || flow.isProduct(node));
  const blocks: Block[] = [];
  let attention: string | undefined;
  for (const { branch, output } of chain) {
    const parts = isAttention(branch) ? parallelParts(branch, flow, isAttention) : undefined;
    if (parts) {
      blocks.push({ ...parts, output });
    } else if (!isAttention(branch)) {
      blocks.push({ attention, mlp: branch, output });
      attention = undefined;
    } else if (attention === undefined) {
      attention = branch;
    } else {
      throw new FileError(
        `Cannot find the blocks of "${path}": after ${blocks.length} of them come two attentions, "${attention}" and "${branch}", with no MLP between`,
        path,
      );
    }
  }
  return blocks;
}

function parallelParts(branch: string, flow: DataFlow, isAttention: (tensor: string) => boolean) {
  const node = flow.maker(flow.origin(branch));
  if (node?.op !== "Add" || node.inputs.some((name) => flow.isConstant(name))) return undefined;
  const attention = node.inputs.filter(isAttention);
  const mlp = node.inputs.filter((name) => !isAttention(name));
  return attention.length === 1 ? { attention: attention[0], mlp: mlp[0] } : undefined;
}

function blockHookpoints(
  block: Block,
  flow: DataFlow,
  { n, dModel, stops }: { n: number; dModel: number; stops: ReadonlySet<string> },
): GraphHookpoint[] {
  const found: GraphHookpoint[] = [];
  const add = (name: string, alias: string | undefined, width: number, tensor: string) =>
    found.push({ name: `layers.${n}${name}`, alias: alias && `blocks.${n}.${alias}`, width, tensor });
  if (block.attention) {
    const [mixing, ...others] = flow.projections(block.attention, stops);
    if (mixing?.inputWidth && others.length === 0) {
      add(".attention.heads", "attn.hook_z", mixing.inputWidth, flow.origin(mixing.input));
    }
    add(".attention", "hook_attn_out", dModel, block.attention);
  }
  const [down, ...others] = flow.projections(block.mlp, stops);
  if (down?.inputWidth && others.length === 0) {
    const ups = flow.projections(down.input, stops);
    const inputs = new Set(ups.map((up) => flow.unshaped(up.input)));
    if (inputs.size === 1) add(".mlp.input", undefined, dModel, [...inputs][0]);
    add(".mlp.neurons", "mlp.hook_post", down.inputWidth, flow.unshaped(down.input));
  }
  add(".mlp", "hook_mlp_out", dModel, block.mlp);
  add("", "hook_resid_post", dModel, block.output);
  return found;
}

/**
 * The token embedding, scaled where the model scales it (Gemma). Where positions are added to it
 * or it is normalised before the first block, the part that is looked up by token.
 */
function embedding(graph: Graph, flow: DataFlow, start: string): string {
  if (["Gather", "Mul"].includes(flow.maker(start)?.op ?? "")) return start;
  const ids = graph.inputs.find((input) => input.name === "input_ids")?.name;
  const lookups = [...flow.cone(start, new Set())].filter((node) => {
    return node.op === "Gather" && flow.isConstant(node.inputs[0]) && flow.unshaped(node.inputs[1]) === ids;
  });
  return lookups.length === 1 ? lookups[0].outputs[0] : start;
}

function refuse(path: string, graph: Graph, found: string, layers: number | undefined): FileError {
  const ops = [...new Set(graph.nodes.map((node) => node.op))].sort().slice(0, 40).join(", ");
  const wanted = layers === undefined ? "a transformer's" : `the ${layers} of its configuration`;
  return new FileError(
    `Cannot find the blocks of "${path}": found ${found}, wanted ${wanted}; export it as plain operators (no fused MLP); it uses ${ops}`,
    path,
  );
}
