import { FileError } from "../../errors.js";
import { sizeOf, type Tensor, tensor } from "../../tensor.js";
import type { GraphValue } from "./graph.js";
import type { OnnxInput } from "./onnx-session.js";

const onnxFloat = 1;
const onnxInt32 = 6;
const onnxFloat16 = 10;

/**
 * What a language model's graph wants for a batch of contexts: the ids, a mask of ones, positions, and a
 * key-value cache of length 0.
 *
 * @param tokens `[context, position]`.
 * @param past Positions before these that the caller feeds as a cache of its own.
 * @throws {FileError} If the graph wants something else.
 */
export function modelInputs(
  tokens: Tensor<Int32Array>,
  wanted: readonly GraphValue[],
  path: string,
  past = 0,
): Record<string, OnnxInput> {
  const [contexts, positions] = tokens.shape;
  const feeds: Record<string, OnnxInput> = {};
  for (const value of wanted) {
    feeds[value.name] = inputFor(value, tokens, { contexts, positions, past, path });
  }
  return feeds;
}

function inputFor(
  value: GraphValue,
  tokens: Tensor<Int32Array>,
  { contexts, positions, past, path }: { contexts: number; positions: number; past: number; path: string },
): OnnxInput {
  const whole = (numbers: Int32Array) => {
    const data = value.dataType === onnxInt32 ? numbers : BigInt64Array.from(numbers, BigInt);
    return tensor(data, [contexts, numbers.length / contexts]);
  };
  const size = contexts * positions;
  if (value.name === "input_ids") return whole(tokens.data);
  if (value.name === "attention_mask") return whole(new Int32Array(size + contexts * past).fill(1));
  if (value.name === "position_ids") {
    return whole(Int32Array.from({ length: size }, (_, i) => past + (i % positions)));
  }
  if (value.name === "token_type_ids") return whole(new Int32Array(size));
  if (value.name.startsWith("past")) {
    // [context, head, past position, width of a head]: sizes that vary are the batch, then the past.
    const shape = value.shape.map((n, axis) => (typeof n === "number" ? n : axis === 0 ? contexts : 0));
    const cache = sizeOf(shape) === 0;
    if (cache && value.dataType === onnxFloat) return tensor(new Float32Array(0), shape);
    if (cache && value.dataType === onnxFloat16) {
      return { ...tensor(new Uint16Array(0), shape), type: "float16" };
    }
  }
  throw new FileError(
    `Cannot feed the graph of "${path}": it wants "${value.name}" [${value.shape.join(", ")}]; input_ids, attention_mask, position_ids, token_type_ids and past_key_values are known`,
    path,
  );
}
