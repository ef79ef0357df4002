import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inputOutput, inputOutputRequest } from "../../src/explain/input-output.js";
import { vocabulary, vocabularyRequest } from "../../src/explain/vocabulary.js";
import { vocabularyProjection } from "../../src/explain/vocabulary-projection.js";
import { readExamples, readTokenLine } from "../../src/llm/example-lines.js";
import { pattern } from "../../src/llm/pattern/pattern-model.js";
import { loadModel } from "../../src/model/load-model.js";
import { decodeGraph } from "../../src/model/onnx/graph.js";
import { decodeMessage, first } from "../../src/model/onnx/protobuf.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { neuronCoder } from "../../src/sparse/neuron-coder.js";
import { example, latentExamples } from "../score/made-examples.js";
import { replying } from "./replying.js";

const model = await loadModel("demo");
const coder = await loadSparseCoder("demo/layers.3");
afterAll(() => Promise.all([model.close(), coder.close()]));

/** Numbers of a weight, as they stand in the model's file. */
function weight(name: string): Float32Array {
  const path = join(import.meta.dirname, "..", "..", "demo", "model", "model.onnx");
  const field = decodeGraph(readFileSync(path)).initializers.get(name)?.field;
  const raw = first(decodeMessage(field?.payload as Uint8Array), 9)?.payload as Uint8Array;
  return new Float32Array(Uint8Array.from(raw).buffer);
}

/** W_U · (norm of the direction, by LayerNorm's formula, without its bias), centred; from the weights themselves. */
function byFormula(direction: Float32Array): number[] {
  const [gain, embedding] = [weight("transformer.ln_f.weight"), weight("transformer.wte.weight")];
  const width = direction.length;
  const mean = direction.reduce((sum, x) => sum + x, 0) / width;
  const sd = Math.sqrt(direction.reduce((sum, x) => sum + (x - mean) ** 2, 0) / width);
  const normed = direction.map((x, i) => (gain[i] * (x - mean)) / sd);
  const logits = Array.from({ length: embedding.length / width }, (_, token) =>
    normed.reduce((sum, x, i) => sum + x * embedding[token * width + i], 0),
  );
  const average = logits.reduce((sum, x) => sum + x, 0) / logits.length;
  return logits.map((logit) => logit - average);
}

describe("vocabularyProjection()", () => {
  it("is the final norm and the unembedding of the decoder's row", async () => {
    const wanted = byFormula(coder.decoderRow(5));
    const { promoted, suppressed } = await vocabularyProjection({ model, coder }, 5, { top: 20 });
    for (const { token, piece, logit } of [...promoted, ...suppressed]) {
      expect(logit).toBeCloseTo(wanted[token], 2);
      expect(piece).toBe(model.tokenizer.decode([token]));
    }
    const sorted = wanted.map((logit, token) => ({ logit, token })).sort((a, b) => b.logit - a.logit);
    expect(promoted[0].token).toBe(sorted[0].token);
    expect(suppressed[0].token).toBe(sorted.at(-1)?.token);
    expect(promoted.map(({ logit }) => logit)).toEqual(
      promoted.map(({ logit }) => logit).sort((a, b) => b - a),
    );
  });

  it("does not depend on the direction's length, and turns around with it", async () => {
    const scaled = (factor: number) => ({
      ...coder,
      name: "x",
      hookpointOut: "layers.3",
      decoderRow: (index: number) => coder.decoderRow(index).map((x) => factor * x),
    });
    const [once, twice, back] = await Promise.all(
      [1, 100, -1].map((factor) => vocabularyProjection({ model, coder: scaled(factor) }, 5)),
    );
    const tokens = (list: readonly { token: number }[]) => list.map(({ token }) => token);
    expect(tokens(twice.promoted)).toEqual(tokens(once.promoted));
    expect(tokens(back.promoted)).toEqual(tokens(once.suppressed));
    once.promoted.forEach(({ logit }, i) => {
      expect(twice.promoted[i].logit).toBeCloseTo(logit, 2);
      expect(back.suppressed[i].logit).toBeCloseTo(-logit, 2);
    });
  });

  it("ranks by how unusual a token is among other latents, where asked to", async () => {
    const against = Array.from({ length: 40 }, (_, i) => i + 100);
    const { promoted } = await vocabularyProjection({ model, coder }, 5, { against });
    const others = against.map((index) => byFormula(coder.decoderRow(index)));
    const { token, logit, z } = promoted[0];
    const mean = others.reduce((sum, row) => sum + row[token], 0) / others.length;
    const variance = others.reduce((sum, row) => sum + (row[token] - mean) ** 2, 0) / (others.length - 1);
    expect(z).toBeCloseTo((logit - mean) / Math.sqrt(variance), 1);
  });

  it("says that neurons write elsewhere", async () => {
    const neurons = neuronCoder(model, "layers.2.mlp.neurons");
    await expect(vocabularyProjection({ model, coder: neurons }, 0)).rejects.toThrow(
      /it writes 512 values to layers\.2\.mlp\.neurons, and the residual stream has 128/,
    );
  });
});

const examples = latentExamples({
  latent: { hookpoint: "layers.3", index: 5 },
  train: [example([" the", " cat"], [[1, 8]])],
});

describe("vocabulary()", () => {
  it("shows the tokens and no text, as a snapshot", () => {
    const promoted = [{ token: 1, piece: ' "\n', logit: 4.123 }];
    const suppressed = [{ token: 2, piece: " dog", logit: -3 }];
    expect(vocabularyRequest({ promoted, suppressed })).toMatchSnapshot();
  });

  it("asks about the latent's own projection", async () => {
    const llm = replying({ text: "[EXPLANATION]: Words of a kind." });
    const outcome = await vocabulary(llm, { model, coder, top: 3 }).explain(examples);
    expect(outcome).toMatchObject({ value: { text: "Words of a kind.", explainer: "vocabulary" } });
    const { promoted } = await vocabularyProjection({ model, coder }, 5, { top: 3 });
    const question = llm.asked[0].messages[0].content;
    expect(readTokenLine(question, "Promoted")?.map(({ piece }) => piece)).toEqual(
      promoted.map(({ piece }) => piece),
    );
  });

  it("is answered by the embedded model with the tokens", async () => {
    const outcome = await vocabulary(pattern(), { model, coder }).explain(examples);
    const { promoted } = await vocabularyProjection({ model, coder }, 5);
    expect(outcome).toMatchObject({ status: "ok" });
    expect(outcome.status === "ok" && outcome.value.text).toContain(`“${promoted[0].piece.trim()}”`);
  });

  it.each([["refused"], ["truncated"]] as const)("passes on that a reply was %s", async (stop) => {
    expect((await vocabulary(replying({ stop }), { model, coder }).explain(examples)).status).toBe(stop);
  });
});

describe("inputOutput()", () => {
  const projection = { promoted: [{ token: 1, piece: " mat", logit: 4 }], suppressed: [] };

  it("shows text and tokens, as a snapshot", () => {
    const { system, messages } = inputOutputRequest(examples, projection);
    expect({ system, question: messages.at(-1) }).toMatchSnapshot();
    const question = messages.at(-1)?.content ?? "";
    expect(readExamples(question)?.examples).toHaveLength(1);
    expect(readTokenLine(question, "Promoted")).toEqual([{ piece: " mat", strength: 4 }]);
  });

  it("explains from both, and the embedded model from the text", async () => {
    const outcome = await inputOutput(pattern(), { model, coder }).explain(examples);
    expect(outcome).toMatchObject({ value: { text: "the word “cat”", explainer: "input-output" } });
  });
});
