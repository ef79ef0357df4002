import { describe, expect, it } from "vitest";
import { memorySource } from "../../src/formats/byte-source.js";
import { openFile } from "../../src/formats/file-source.js";
import { decodePickle } from "../../src/formats/pickle.js";
import { openTorch } from "../../src/formats/torch.js";
import { hasRealData, needsRealData, realData } from "../shared-data.js";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe("decodePickle()", () => {
  it("reads dicts, lists, numbers and text", () => {
    // pickle.dumps({"k": [1, -2, 300, 2.5, True, None]}, protocol=2), opcodes by hand.
    const pickle = bytes(
      "\x80\x02}q\x00X\x01\x00\x00\x00k](K\x01J\xfe\xff\xff\xffM\x2c\x01G\x40\x04\x00\x00\x00\x00\x00\x00\x88Nes.",
    );
    expect(decodePickle(pickle, () => false)).toEqual(new Map([["k", [1, -2, 300, 2.5, true, null]]]));
  });

  it("refuses to call anything that is not on the list", () => {
    const attack = bytes("cos\nsystem\n(X\x04\x00\x00\x00echotR.");
    expect(() => decodePickle(attack, (name) => name === "collections.OrderedDict")).toThrow(
      'Cannot read the pickle: it wants to call "os.system", which is not allowed',
    );
  });

  it("refuses pickles that are cut short and operations that data does not need", () => {
    expect(() => decodePickle(bytes("\x80\x02X\x09\x00\x00\x00k"), () => true)).toThrow("cut short");
    expect(() => decodePickle(bytes("\x80\x02}"), () => true)).toThrow("it has no end");
    expect(() => decodePickle(bytes("\x82\x01."), () => true)).toThrow("operation 0x82 is not allowed");
  });
});

describe("openTorch()", () => {
  it("refuses files that are no zip", async () => {
    await expect(openTorch(memorySource(bytes("\x80\x02old format"), "ae.pt"))).rejects.toThrow(
      'Cannot read "ae.pt" as a zip file',
    );
  });

  it.skipIf(!hasRealData)(`reads a state dict of dictionary_learning ${needsRealData}`, async () => {
    const path = realData("saes", "dictionary_learning", "resid_post_layer_2", "trainer_0", "ae.pt");
    const source = await openFile(path);
    const file = await openTorch(source);
    expect(Object.fromEntries([...file.tensors].map(([name, { shape }]) => [name, [...shape]]))).toEqual({
      bias: [64],
      "encoder.weight": [1024, 64],
      "encoder.bias": [1024],
      "decoder.weight": [64, 1024],
    });
    const { data } = await file.float32("decoder.weight");
    await source.close();
    expect(data.every(Number.isFinite)).toBe(true);
  });
});
