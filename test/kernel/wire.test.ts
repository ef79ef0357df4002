import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message } from "../../kernel/src/messages.js";
import { WireCodec } from "../../kernel/src/wire.js";

const json = fc
  .dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
  .map((value) => JSON.parse(JSON.stringify(value)));

function message(codec: WireCodec, parts: Partial<Message> = {}): Message {
  const header = codec.header("comm_msg");
  return { identities: [], header, parent: undefined, metadata: {}, content: {}, buffers: [], ...parts };
}

describe("WireCodec", () => {
  it("gives back what it packed, buffers and identities included", () => {
    const codec = new WireCodec("key");
    const bytes = fc.array(fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)));
    fc.assert(
      fc.property(json, json, bytes, (content, metadata, buffers) => {
        const sent = message(codec, { content, metadata, buffers, identities: [Buffer.from([0, 255])] });
        expect(codec.decode(codec.encode(sent))).toEqual(sent);
      }),
    );
  });

  it("signs as Jupyter does", () => {
    const parts = ["header", "parent", "metadata", "content"].map((name) => ({ [name]: 1 }));
    const [header, parent, metadata, content] = parts;
    const frames = new WireCodec("secret").encode({
      ...message(new WireCodec("")),
      header: header as never,
      parent: parent as never,
      metadata: metadata as never,
      content: content as never,
      buffers: [Buffer.from("not signed")],
    });
    // hmac.new(b"secret", b'{"header":1}{"parent":1}{"metadata":1}{"content":1}', "sha256").hexdigest() in Python
    expect(frames[1]?.toString()).toBe("c77ae3cac4ee852b2fc036e15f2ca0df5e9b90ca1b9a0f1b4899e777f73a8d2d");
  });

  it("refuses a changed part, another key and a missing part", () => {
    const codec = new WireCodec("key");
    const frames = codec.encode(message(codec, { content: { a: 1 } }));
    const changed = frames.map((frame, i) => (i === 5 ? Buffer.from('{"a":2}') : frame));
    expect(() => codec.decode(changed)).toThrow(RangeError);
    expect(() => new WireCodec("other").decode(frames)).toThrow(RangeError);
    expect(() => codec.decode(frames.slice(0, 4))).toThrow(SyntaxError);
    expect(() => codec.decode([])).toThrow(SyntaxError);
  });

  it("signs nothing when the key is empty", () => {
    const codec = new WireCodec("");
    const frames = codec.encode(message(codec));
    expect(frames[1]?.length).toBe(0);
    expect(codec.decode(frames).header.msg_type).toBe("comm_msg");
  });

  it("refuses a scheme that is no HMAC", () => {
    expect(() => new WireCodec("key", "rot13")).toThrow(/hmac-sha256/);
  });
});
