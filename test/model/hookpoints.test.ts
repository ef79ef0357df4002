import { describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.js";
import { decodeGraph, decodeNode, prefixModel } from "../../src/model/onnx/graph.js";
import { type GraphBuilder, graphBuilder, nodeField } from "../../src/model/onnx/graph-builder.js";
import { findHookpoints } from "../../src/model/onnx/hookpoints.js";
import { bytesField, decodeMessage, varintField } from "../../src/model/onnx/protobuf.js";

const width = 4;

interface Toy {
  readonly builder: GraphBuilder;
  add(a: string, b: string): string;
  project(x: string, columns: number): string;
  attention(x: string): string;
  mlp(x: string): { out: string; neurons: string };
}

/** Parts of a transformer that have the right operators in the right order; the numbers do not matter. */
function toy(): Toy {
  const builder = graphBuilder();
  const one = (op: string, ...inputs: string[]) => builder.node(op, inputs)[0];
  let weights = 0;
  let rows = width;
  const project = (x: string, columns: number) => {
    const w = builder.weight(`w${weights++}`, new Float32Array(rows * columns), [rows, columns]);
    rows = columns;
    return one("MatMul", x, w);
  };
  return {
    builder,
    project,
    add: (a, b) => one("Add", a, b),
    attention: (x) => {
      rows = width;
      const keys = project(one("Sqrt", x), width);
      return project(one("MatMul", one("Softmax", keys), keys), width);
    },
    mlp: (x) => {
      rows = width;
      const neurons = one("Relu", project(one("Sqrt", x), 16));
      return { neurons, out: project(neurons, width) };
    },
  };
}

const names = (model: Uint8Array, layers?: number) =>
  findHookpoints(decodeGraph(model), { path: "toy.onnx", layers }).map((h) => h.name);
const block = (n: number) =>
  [".attention.heads", ".attention", ".mlp.input", ".mlp.neurons", ".mlp", ""].map((p) => `layers.${n}${p}`);

describe("findHookpoints()", () => {
  it("finds sequential blocks", () => {
    const { builder, add, attention, mlp } = toy();
    let h = builder.input("x", ["position", width]);
    const outputs: string[] = [];
    for (let n = 0; n < 3; n++) {
      h = add(h, attention(h));
      h = add(mlp(h).out, h);
      outputs.push(h);
    }
    const model = builder.build({ logits: h });
    expect(names(model, 3)).toEqual(["embed", ...block(0), ...block(1), ...block(2)]);
    const found = findHookpoints(decodeGraph(model), { path: "toy.onnx" });
    expect(found.filter((h) => /^layers\.\d$/.test(h.name)).map((h) => h.tensor)).toEqual(outputs);
    expect(found.map((h) => h.width)).toEqual([4, ...[0, 1, 2].flatMap(() => [4, 4, 4, 16, 4, 4])]);
  });

  it("looks through casts that change nothing, as in exports of Llama", () => {
    const { builder, add, attention, mlp } = toy();
    const cast = (t: string) => builder.node("Cast", [t], { attributes: { to: 1 } })[0];
    let h = builder.input("x", ["position", width]);
    for (let n = 0; n < 2; n++) {
      const start = cast(h);
      h = add(start, attention(start));
      const middle = cast(h);
      h = add(middle, mlp(middle).out);
    }
    expect(names(builder.build({ logits: h }))).toEqual(["embed", ...block(0), ...block(1)]);
  });

  it("looks through reshapes of the residual stream, as in exports of OPT", () => {
    const { builder, add, attention, mlp } = toy();
    const shape = builder.weight("shape", BigInt64Array.of(-1n, BigInt(width)), [2]);
    const flat = (t: string) => builder.node("Reshape", [t, shape])[0];
    let h = builder.input("x", ["position", width]);
    for (let n = 0; n < 2; n++) {
      h = add(h, attention(h));
      const middle = flat(h);
      h = flat(add(middle, mlp(middle).out));
    }
    expect(names(builder.build({ logits: h }), 2)).toEqual(["embed", ...block(0), ...block(1)]);
  });

  it("takes the token's part of an embedding that is normalised or has positions added", () => {
    const { builder, add, attention, mlp } = toy();
    const ids = builder.input("input_ids", ["position"]);
    const rows = builder.weight("rows", new Float32Array(8 * width), [8, width]);
    const norm = builder.weight("norm", new Float32Array(width), [width]);
    const [tokens] = builder.node("Gather", [rows, ids]);
    let h = builder.node("LayerNormalization", [tokens, norm])[0];
    h = add(h, attention(h));
    h = add(h, mlp(h).out);
    const found = findHookpoints(decodeGraph(builder.build({ logits: h })), { path: "toy.onnx" });
    expect(found[0]).toMatchObject({ name: "embed", tensor: tokens });
  });

  it("finds parallel blocks, where attention and MLP are added to each other first", () => {
    const { builder, add, attention, mlp } = toy();
    let h = builder.input("x", ["position", width]);
    for (let n = 0; n < 2; n++) h = add(add(mlp(h).out, attention(h)), h);
    expect(names(builder.build({ logits: h }), 2)).toEqual(["embed", ...block(0), ...block(1)]);
  });

  it("refuses a graph whose blocks are not as many as the configuration says, naming what it found", () => {
    const { builder, add, attention, mlp } = toy();
    let h = builder.input("x", ["position", width]);
    h = add(h, attention(h));
    h = add(h, mlp(h).out);
    const model = builder.build({ logits: h });
    expect(() => names(model, 2)).toThrow(
      'Cannot find the blocks of "toy.onnx": found 1 blocks, wanted the 2 of its configuration; export it as plain operators (no fused MLP); it uses Add, Identity, MatMul, Relu, Softmax, Sqrt',
    );
  });

  it("refuses a graph without blocks, and one with two attentions in a row", () => {
    const { builder, project } = toy();
    const x = builder.input("x", ["position", width]);
    expect(() => names(builder.build({ y: project(x, 3) }))).toThrow(FileError);
    const other = toy();
    let h = other.builder.input("x", ["position", width]);
    h = other.add(h, other.attention(h));
    h = other.add(h, other.attention(h));
    expect(() => names(other.builder.build({ y: h }))).toThrow("come two attentions");
  });
});

describe("prefixModel()", () => {
  it("keeps only what the tensors need: nodes, weights and inputs", () => {
    const { builder, add, attention, mlp } = toy();
    const x = builder.input("x", ["position", width]);
    builder.input("unused", ["position"]);
    const h = add(x, attention(x));
    const last = add(h, mlp(h).out);
    const graph = decodeGraph(builder.build({ logits: last }));
    const cut = decodeGraph(prefixModel(graph, [h]));
    expect(cut.outputs.map((o) => o.name)).toEqual([h]);
    expect(cut.inputs.map((i) => i.name)).toEqual(["x"]);
    expect(cut.nodes.map((n) => n.op)).toEqual(["Sqrt", "MatMul", "Softmax", "MatMul", "MatMul", "Add"]);
    expect([...cut.initializers.keys()]).toEqual(["w0", "w1"]);
  });

  it("keeps what the branches of an If read from outside, and drops what they do not", () => {
    const builder = graphBuilder();
    const x = builder.input("x", [width]);
    const w = builder.weight("w", new Float32Array(width), [width]);
    const [read] = builder.node("Add", [x, w]);
    const [unread] = builder.node("Neg", [x]);
    const graph = decodeGraph(builder.build({ read, unread }));
    const inside = nodeField("Exp", [read], { names: ["inside"] });
    const body = [inside, bytesField(2, "body"), bytesField(12, [bytesField(1, "inside")])];
    const branch = (name: string) =>
      bytesField(5, [bytesField(1, name), bytesField(6, body), varintField(20, 5)]);
    const ends = [bytesField(1, "which"), bytesField(2, "chosen"), bytesField(4, "If")];
    const fields = bytesField(1, [...ends, ...["then_branch", "else_branch"].map(branch)]);
    const choice = decodeNode(decodeMessage(fields.payload));
    const cut = decodeGraph(prefixModel({ ...graph, nodes: [...graph.nodes, choice] }, ["chosen"]));
    expect(cut.nodes.map(({ op }) => op)).toEqual(["Add", "If"]);
    expect([...cut.initializers.keys()]).toEqual(["w"]);
    expect(cut.nodes[1].captured).toContain(read);
  });

  it("refuses a tensor that no node makes", () => {
    const { builder, project } = toy();
    const graph = decodeGraph(builder.build({ y: project(builder.input("x", [1, width]), 2) }));
    expect(() => prefixModel(graph, ["nowhere"])).toThrow(
      'Cannot cut the graph at "nowhere": no node makes it',
    );
  });
});
