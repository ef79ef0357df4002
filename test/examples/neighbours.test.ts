import { describe, expect, test } from "vitest";
import { type Directions, neighbours } from "../../src/examples/neighbours.js";
import { readDelphiNeighbours } from "../../src/examples/read-delphi-neighbours.js";
import { memorySource } from "../../src/formats/byte-source.js";
import { readFileBytes } from "../../src/formats/file-source.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

/** Of a trained coder, read once: a row is asked for a thousand times here. */
async function trainedDirections(): Promise<Directions> {
  const coder = await loadSparseCoder(realData("saes", "sparsify", "layers.2"));
  const [decoder, encoder] = [coder.decoderRow, coder.encoderRow].map((row) =>
    Array.from({ length: coder.dSae }, (_, index) => Float32Array.from(row?.call(coder, index) ?? [])),
  );
  return {
    name: coder.name,
    dSae: coder.dSae,
    decoderRow: (index) => decoder[index],
    encoderRow: (index) => encoder[index],
  };
}

describe("neighbours()", () => {
  const rows = [
    [1, 0],
    [2, 0],
    [0, 1],
    [3, 4],
    [0, 0],
  ].map((row) => Float32Array.from(row));
  const coder = { name: "small", dSae: 5, decoderRow: (index: number) => rows[index] as Float32Array };

  test("gives the nearest rows by cosine, itself and zeros excluded", () => {
    const found = neighbours(coder, 0, { count: 3 });
    expect(found.map(({ index }) => index)).toEqual([1, 3, 2]);
    expect(found.map(({ similarity }) => similarity)).toEqual([1, expect.closeTo(0.6, 12), 0]);
    expect(neighbours(coder, 4)).toEqual([]);
    expect(() => neighbours(coder, 5)).toThrow(
      'Cannot find neighbours of latent 5 of "small": it has latents 0 to 4',
    );
  });

  test("by encoder asks for the encoder's rows, and says where there are none", () => {
    const encoder = { ...coder, encoderRow: (index: number) => rows[4 - index] };
    expect(neighbours(encoder, 3, { by: "encoder", count: 1 })).toEqual([{ index: 4, similarity: 1 }]);
    expect(() => neighbours(coder, 0, { by: "encoder" })).toThrow(
      'Cannot find neighbours by encoder of "small": it has no encoder directions',
    );
  });

  test.skipIf(!hasRealData)(
    `agrees with PyTorch on all 1,024 rows of a trained decoder ${needsRealData}`,
    async () => {
      const trained = await trainedDirections();
      const file = await openSafetensors(
        memorySource(await readFileBytes(realData("golden", "decoder_neighbours_layers.2.safetensors"))),
      );
      const [latents, cosines] = [await file.read("latent"), await file.float32("cosine")];
      for (let index = 0; index < 1024; index++) {
        neighbours(trained, index).forEach(({ index: other, similarity: cosine }, i) => {
          expect(cosine).toBeCloseTo(cosines.data[5 * index + i] as number, 5);
          const tied = [i - 1, i + 1].some(
            (j) => Math.abs(cosine - (cosines.data[5 * index + j] ?? 9)) < 1e-6,
          );
          if (!tied) expect(other).toBe(latents.data[5 * index + i]);
        });
      }
    },
  );

  test.skipIf(!hasRealData)(
    `gives delphi's five neighbours of all 1,024 latents in order, by decoder and by encoder ${needsRealData}`,
    async () => {
      const trained = await trainedDirections();
      for (const by of ["decoder", "encoder"] as const) {
        const path = realData("delphi", "neighbours", `layers.2-${by}_similarity.json`);
        const theirs = await readDelphiNeighbours(path);
        expect(theirs.size).toBe(1024);
        for (const [latent, wanted] of theirs) {
          const found = neighbours(trained, latent, { by });
          expect(found.map(({ index }) => index)).toEqual(wanted.map(({ index }) => index));
          // Theirs add up in single precision.
          found.forEach(({ similarity }, i) => {
            expect(Math.abs(similarity - wanted[i].similarity)).toBeLessThan(3e-7);
          });
        }
      }
    },
  );
});
