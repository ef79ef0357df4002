/**
 * The port for interventions: tensors of a graph become inputs. Whatever would have computed them
 * goes with the cut that follows, unless something else needs it; so what runs is only the part
 * of the model that lies behind.
 */
import { sizeOf, type Tensor, tensor } from "../../tensor.js";
import type { Graph, GraphNode, GraphValue } from "./graph.js";
import { nodeField, valueInfo } from "./graph-builder.js";
import type { OnnxInput, OnnxSession } from "./onnx-session.js";
import { bytesField, decodeMessage, textOf } from "./protobuf.js";

const onnxFloat = 1;
const onnxFloat16 = 10;
const graphInput = 11;

/** How a graph holds a tensor, which the graph itself often does not say. */
export interface TensorForm {
  readonly tensor: string;
  readonly half: boolean;
  /** Contexts and positions in one dimension, as some exports have it in their MLPs. */
  readonly flat: boolean;
  /** Numbers of a position. */
  readonly width: number;
}

/** Values in place of what the model computes, `[context, position, width]`. */
export interface Replacement extends TensorForm {
  readonly values: Tensor;
}

/** The graph with these tensors as inputs of float32, under their names with `/given` behind. */
export function replaceTensors(graph: Graph, replaced: readonly TensorForm[]): Graph {
  const names = new Set(replaced.map((form) => form.tensor));
  const inputs = replaced.map(givenInput);
  const casts = replaced.map(({ tensor: name, half }) => castNode(givenName(name), name, half));
  return {
    ...graph,
    fields: [...graph.fields, ...inputs.map((input) => input.field)],
    inputs: [...graph.inputs, ...inputs],
    nodes: [...casts, ...graph.nodes.map((node) => renameOutputs(node, names))],
  };
}

/** How a tensor looks, from a session that computes it alone and a short run of it. */
export async function tensorForm(
  name: string,
  { session, feeds }: { session: OnnxSession; feeds: Readonly<Record<string, OnnxInput>> },
): Promise<TensorForm> {
  const { shape } = (await session.run(feeds)).get(name) as Tensor;
  return {
    tensor: name,
    half: session.outputTypes.get(name) === "float16",
    flat: shape.length === 2,
    width: shape.at(-1) as number,
  };
}

/** The inputs for contexts `start` to `end` of the replaced tensors. */
export function replacementInputs(
  replaced: readonly Replacement[],
  { start, end }: { start: number; end: number },
): Record<string, OnnxInput> {
  const feeds: Record<string, OnnxInput> = {};
  for (const { tensor: name, flat, values } of replaced) {
    const [, positions, width] = values.shape;
    const data = values.data.subarray(start * positions * width, end * positions * width);
    const shape = [end - start, positions, width];
    feeds[givenName(name)] = tensor(data, flat ? [sizeOf(shape.slice(0, 2)), width] : shape);
  }
  return feeds;
}

function givenName(name: string): string {
  return `${name}/given`;
}

/** With its shape: without one, what the runtime infers behind a reshape that copies dimensions is wrong. */
function givenInput({ tensor: name, flat, width }: TensorForm): GraphValue {
  const given = givenName(name);
  const positions = flat ? [`${given}/rows`] : [`${given}/contexts`, `${given}/positions`];
  const field = bytesField(graphInput, valueInfo(given, [...positions, width]));
  return { name: given, dataType: onnxFloat, shape: [], field };
}

/** Also where nothing is to be converted: it gives the tensor its name. */
function castNode(from: string, to: string, half: boolean): GraphNode {
  const attributes = { to: half ? onnxFloat16 : onnxFloat };
  const field = nodeField("Cast", [from], { names: [to], attributes });
  return {
    op: "Cast",
    name: "",
    inputs: [from],
    outputs: [to],
    captured: [],
    fields: decodeMessage(field.payload),
  };
}

/** A node that makes a replaced tensor makes one of another name, which nothing reads. */
function renameOutputs(node: GraphNode, replaced: ReadonlySet<string>): GraphNode {
  if (!node.outputs.some((name) => replaced.has(name))) return node;
  const renamed = (name: string) => (replaced.has(name) ? `${name}/computed` : name);
  return {
    ...node,
    outputs: node.outputs.map(renamed),
    fields: node.fields.map((field) => (field.number === 2 ? bytesField(2, renamed(textOf(field))) : field)),
  };
}
