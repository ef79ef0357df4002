import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cacheLatents } from "../../src/cache/cache-latents.js";
import { memorySource } from "../../src/formats/byte-source.js";
import { readFileBytes } from "../../src/formats/file-source.js";
import { decodeNpy } from "../../src/formats/npy.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import { loadModel } from "../../src/model/load-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

/** The model, with documents that are written as the number of a reference sequence. */
function readingSequences(model: SubjectModel, tokens: Int32Array): SubjectModel {
  const encode = (text: string) => tokens.slice(128 * Number(text) + 1, 128 * (Number(text) + 1));
  const { name, hash, hookpoints, dModel, contextLength, tokenizer } = model;
  const { vocabSize, bosId } = tokenizer;
  const pieces = (ids: ArrayLike<number>) => tokenizer.pieces(ids);
  const decode = (ids: ArrayLike<number>) => tokenizer.decode(ids);
  return {
    ...{ name, hash, hookpoints, dModel, contextLength },
    tokenizer: { vocabSize, bosId, hash: "sequences", encode, decode, pieces },
    activations: (ids, hooks) => model.activations(ids, hooks),
    logits: (ids) => model.logits(ids),
    close: () => model.close(),
  };
}

describe.skipIf(!hasRealData)(`cacheLatents() on stories260k ${needsRealData}`, () => {
  test("gives PyTorch's latents of the 48 reference sequences", async () => {
    const directory = mkdtempSync(join(tmpdir(), "saelab-golden-"));
    const model = await loadModel(realData("stories260k"));
    const coder = await loadSparseCoder(realData("saes", "sparsify", "layers.2"));
    try {
      const tokens = decodeNpy(await readFileBytes(realData("golden", "tokens.npy"))).data as Int32Array;
      const texts = Array.from({ length: 48 }, (_, i) => String(i));
      const input = { model: readingSequences(model, tokens), coder };
      const cache = await cacheLatents(input, texts, {
        directory,
        keepBos: true,
        tokensPerRun: 2000,
        onProgress: false,
      });
      expect(cache.contextCount).toBe(48);
      const file = await openSafetensors(
        memorySource(await readFileBytes(realData("golden", "latents", "layers.2.safetensors"))),
      );
      const [sequence, position, latent] = [
        await file.read("sequence"),
        await file.read("position"),
        await file.read("latent"),
      ];
      const { data: activation } = await file.float32("activation");
      const wanted = Array.from({ length: cache.dSae }, () => new Map<number, number>());
      activation.forEach((value, i) => {
        wanted[Number(latent.data[i])]?.set(128 * Number(sequence.data[i]) + Number(position.data[i]), value);
      });
      let largest = 0;
      for (let index = 0; index < cache.dSae; index++) {
        const { positions, activations } = cache.read(index);
        expect([...positions]).toEqual([...(wanted[index]?.keys() ?? [])]);
        activations.forEach((value, i) => {
          largest = Math.max(
            largest,
            Math.abs(value - (wanted[index]?.get(positions[i] as number) ?? Number.NaN)),
          );
        });
      }
      expect(largest).toBeLessThan(1e-4);
    } finally {
      await Promise.all([model.close(), coder.close()]);
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
