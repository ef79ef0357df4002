import {
  bytesField,
  decodeMessage,
  encodeMessage,
  type Field,
  first,
  varintField,
} from "../../src/model/onnx/protobuf.js";

/** The same model with its weights in a file of their own, as large exports have it, from `start` on. */
export function moveWeightsOut(model: Uint8Array, file: string, start = 0) {
  const parts: Uint8Array[] = [];
  let offset = start;
  const moved = (initializer: Field): Field => {
    const fields = decodeMessage(initializer.payload);
    const raw = first(fields, 9);
    if (!raw || raw.payload.length < 1000) return initializer;
    const entries = { location: file, offset: String(offset), length: String(raw.payload.length) };
    parts.push(raw.payload);
    offset += raw.payload.length;
    const external = Object.entries(entries).map(([key, value]) =>
      bytesField(13, [bytesField(1, key), bytesField(2, value)]),
    );
    return bytesField(5, [...fields.filter((f) => f.number !== 9), ...external, varintField(14, 1)]);
  };
  const fields = decodeMessage(model).map((field) => {
    if (field.number !== 7) return field;
    const graph = decodeMessage(field.payload);
    return bytesField(
      7,
      graph.map((f) => (f.number === 5 ? moved(f) : f)),
    );
  });
  return { graph: encodeMessage(fields), weights: Buffer.concat(parts) };
}
