import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeGraph, prefixModel } from "../../src/model/onnx/graph.js";
import {
  bytesField,
  decodeMessage,
  encodeMessage,
  first,
  integersOf,
  textOf,
  varintField,
} from "../../src/model/onnx/protobuf.js";
import { packageRoot } from "../../src/package-root.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

const numbers = fc.integer({ min: 1, max: 1000 });
/** Any field on the wire, numbers padded with needless bytes included. */
const rawField = fc.oneof(
  fc.tuple(numbers, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map(([n, v]) => varintField(n, v)),
  fc.tuple(numbers, fc.uint8Array({ maxLength: 300 })).map(([n, v]) => bytesField(n, v)),
  fc
    .uint8Array({ minLength: 4, maxLength: 4 })
    .map((payload) => ({ number: 3, wire: 5, head: Uint8Array.of(0x1d), payload })),
  fc.constant({ number: 1, wire: 0, head: Uint8Array.of(8), payload: Uint8Array.of(0x81, 0x80, 0x00) }),
  fc
    .uint8Array({ minLength: 8, maxLength: 8 })
    .map((payload) => ({ number: 2, wire: 1, head: Uint8Array.of(0x11), payload })),
);

describe("protobuf", () => {
  it("encodeMessage() gives back the bytes that decodeMessage() read, whatever the fields", () => {
    fc.assert(
      fc.property(fc.array(rawField), (fields) => {
        const bytes = encodeMessage(fields);
        const decoded = decodeMessage(bytes);
        expect(decoded.map((f) => f.number)).toEqual(fields.map((f) => f.number));
        expect(encodeMessage(decoded)).toEqual(bytes);
      }),
    );
  });

  it("decodeMessage() gives views, not copies", () => {
    const bytes = encodeMessage([bytesField(1, Uint8Array.of(1, 2, 3))]);
    expect(decodeMessage(bytes)[0].payload.buffer).toBe(bytes.buffer);
  });

  it("integersOf() reads packed and single, negative and large numbers", () => {
    const packed = bytesField(1, Uint8Array.of(0x96, 0x01, 0x05));
    const fields = [packed, varintField(1, -1), varintField(1, 2n ** 40n), bytesField(2, "x")];
    expect(integersOf(fields, 1)).toEqual([150, 5, -1, 2 ** 40]);
    expect(textOf(first(fields, 2))).toBe("x");
  });

  it("decodeMessage() refuses any bytes that are not a message, and nothing else goes wrong", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(encodeMessage(decodeMessage(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  const models = [
    ["demo", join(packageRoot(), "demo", "model", "model.onnx"), true],
    ["stories260k", realData("stories260k", "onnx", "model.onnx"), hasRealData],
  ] as const;
  for (const [name, path, there] of models) {
    it.skipIf(!there)(`rewrites the ONNX file of ${name} byte by byte ${there ? "" : needsRealData}`, () => {
      const bytes = new Uint8Array(readFileSync(path));
      const graph = decodeGraph(bytes);
      expect(Buffer.compare(encodeMessage(graph.modelFields), bytes)).toBe(0);
      // Cutting at its own outputs changes nothing but drops what was already dead.
      const again = decodeGraph(
        prefixModel(
          graph,
          graph.outputs.map((o) => o.name),
        ),
      );
      expect(again.outputs).toEqual(graph.outputs);
      expect(again.inputs).toEqual(graph.inputs);
      expect(again.nodes.length).toBeLessThanOrEqual(graph.nodes.length);
    });
  }
});
