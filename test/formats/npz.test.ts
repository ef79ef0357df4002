import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/formats/byte-source.js";
import { openFile } from "../../src/formats/file-source.js";
import { decodeNpy } from "../../src/formats/npy.js";
import { openNpz } from "../../src/formats/npz.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

function npy(descr: string, shape: string, data: Uint8Array, order = "False"): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
  const head = Buffer.from(`\u0093NUMPY\u0001\u0000\u0000\u0000${text}`, "latin1");
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, data]);
}

/** A zip of one member, written by hand from the format's description. */
function zip(name: string, content: Uint8Array, deflate: boolean): Uint8Array {
  const packed = deflate ? deflateRawSync(content) : Buffer.from(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(deflate ? 8 : 0, 10);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(content.length, 24);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + packed.length, 16);
  const title = Buffer.from(name);
  return Buffer.concat([local, title, packed, central, title, end]);
}

const floats = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

describe("npy", () => {
  it("decodeNpy() reads shape and numbers", () => {
    const { data, shape } = decodeNpy(npy("<f4", "(2, 3)", floats));
    expect([[...data], shape]).toEqual([
      [1, 2, 3, 4, 5, 6],
      [2, 3],
    ]);
    expect(decodeNpy(npy("<i4", "()", new Uint8Array(4))).shape).toEqual([]);
    expect(decodeNpy(npy("|u1", "(4,)", Uint8Array.of(1, 2, 3, 4))).shape).toEqual([4]);
  });

  it("decodeNpy() refuses big-endian, Fortran order, objects, and files cut short", () => {
    for (const bytes of [
      npy(">f4", "(6,)", floats),
      npy("<f4", "(2, 3)", floats, "True"),
      npy("|O8", "(1,)", floats),
    ]) {
      expect(() => decodeNpy(bytes, "x.npy")).toThrow("plain little-endian numbers in C order are wanted");
    }
    expect(() => decodeNpy(npy("<f4", "(7,)", floats), "x.npy")).toThrow(
      "takes 28 bytes, the file gives it 24",
    );
    expect(() => decodeNpy(new Uint8Array(50), "x.npy")).toThrow("does not start as one");
  });
});

describe("npz", () => {
  it.each([false, true])("openNpz() reads a member (deflated: %s)", async (deflate) => {
    const file = await openNpz(memorySource(zip("W.npy", npy("<f4", "(3, 2)", floats), deflate), "p.npz"));
    expect([...file.tensors]).toEqual([["W", { dtype: "F32", shape: [3, 2] }]]);
    expect([...(await file.float32("W")).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("openNpz() refuses files cut short and files that do not unpack", async () => {
    const bytes = zip("W.npy", npy("<f4", "(3, 2)", floats), true);
    await expect(openNpz(memorySource(bytes.subarray(0, -8), "p.npz"))).rejects.toThrow(
      'Cannot read "p.npz" as a zip file: its directory is missing; it may be cut short',
    );
    const broken = bytes.slice();
    broken.fill(0xff, 35, 60);
    await expect(openNpz(memorySource(broken, "p.npz"))).rejects.toThrow('member "W.npy" does not unpack');
  });

  it.skipIf(!hasRealData)(`openNpz() reads a Gemma Scope file ${needsRealData}`, async () => {
    const path = realData("saes", "gemma-scope", "layer_2", "width_1k", "average_l0_19", "params.npz");
    const source = await openFile(path);
    const file = await openNpz(source);
    await source.close();
    expect(Object.fromEntries([...file.tensors].map(([name, { shape }]) => [name, shape]))).toEqual({
      W_enc: [64, 1024],
      b_enc: [1024],
      W_dec: [1024, 64],
      b_dec: [64],
      threshold: [1024],
    });
  });
});
