import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.js";
import { memorySource } from "../../src/formats/byte-source.js";
import { encodeSafetensors, openSafetensors } from "../../src/formats/safetensors.js";

const read = (bytes: Uint8Array) => openSafetensors(memorySource(bytes, "w.safetensors"));

function handmade(header: unknown, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

describe("safetensors", () => {
  it("openSafetensors() gives back what encodeSafetensors() wrote, at any alignment", async () => {
    const arrays = fc.oneof(
      fc.float32Array({ noNaN: true }),
      fc.uint16Array(),
      fc.uint32Array(),
      fc.int32Array(),
      fc.uint8Array(),
      fc.bigInt64Array(),
      fc.float64Array({ noNaN: true }),
    );
    const names = fc.string().filter((name) => !["__metadata__", "__proto__"].includes(name));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, arrays), async (dictionary) => {
        const stored = Object.entries(dictionary).map(
          ([name, data]) => [name, { data, shape: [data.length, 1] }] as const,
        );
        const file = await read(encodeSafetensors(Object.fromEntries(stored), { made: "by a test" }));
        expect(file.metadata).toEqual({ made: "by a test" });
        expect([...file.tensors.keys()].sort()).toEqual(stored.map(([name]) => name).sort());
        for (const [name, { data, shape }] of stored) {
          const found = await file.read(name);
          expect(found.shape).toEqual(shape);
          expect([...found.data]).toEqual([...data]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("encodeSafetensors() stores float32 as F16 and BF16 where asked to", async () => {
    const data = Float32Array.of(1, -0.5, 3.140625);
    const bytes = encodeSafetensors({
      half: { data, shape: [3], dtype: "F16" },
      brain: { data, shape: [3], dtype: "BF16" },
    });
    const file = await read(bytes);
    expect(file.tensors.get("half")?.dtype).toBe("F16");
    expect([...(await file.float32("half")).data]).toEqual([...data]);
    expect([...(await file.float32("brain")).data]).toEqual([1, -0.5, 3.140625]);
  });

  it("openSafetensors() refuses files that are cut short, saying so", async () => {
    const bytes = encodeSafetensors({ w: { data: new Float32Array(100), shape: [10, 10] } });
    await expect(read(bytes.subarray(0, 300))).rejects.toThrow(
      `Cannot read "w.safetensors" as safetensors: it is cut short at 300 of at least ${bytes.length} bytes; fetch it again`,
    );
    await expect(read(bytes.subarray(0, 4))).rejects.toThrow(FileError);
    await expect(read(bytes.subarray(0, 20))).rejects.toThrow("cut short");
  });

  it("openSafetensors() refuses what is not safetensors", async () => {
    await expect(read(new TextEncoder().encode("version https://git-lfs"))).rejects.toThrow(
      "its header claims",
    );
    await expect(read(handmade("{nonsense", new Uint8Array()))).rejects.toThrow("its header is not JSON");
    await expect(
      read(handmade({ w: { dtype: "F99", shape: [], data_offsets: [0, 0] } }, new Uint8Array())),
    ).rejects.toThrow('Cannot read tensor "w" of "w.safetensors": its dtype "F99" is not known');
    await expect(
      read(handmade({ w: { dtype: "F32", shape: [2], data_offsets: [0, 4] } }, new Uint8Array(4))),
    ).rejects.toThrow("F32 [2] takes 8 bytes, the file gives it 4");
  });

  it("float32() refuses whole numbers, and names that are not there", async () => {
    const file = await read(encodeSafetensors({ ids: { data: Int32Array.of(1, 2), shape: [2] } }));
    await expect(file.float32("ids")).rejects.toThrow("it is I32; F32, F16, BF16 or F64 is wanted");
    await expect(file.read("W_dec")).rejects.toThrow(
      'Cannot read tensor "W_dec" of "w.safetensors": it has ids',
    );
  });
});
