import { connect, createServer } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { FrameReader, greeting, packMessage, packReady, readReady } from "../../kernel/src/zmtp-frames.js";
import { type SocketType, ZmtpPeer } from "../../kernel/src/zmtp-peer.js";
import { type Address, EchoSocket, PublisherSocket, RouterSocket } from "../../kernel/src/zmtp-sockets.js";

/** Cuts bytes into chunks of the given lengths, again and again. */
function* cut(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

describe("FrameReader", () => {
  it("gives back packed messages however the network cuts them", () => {
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.uint8Array({ minLength: 250, maxLength: 600 }),
    );
    const messages = fc.array(fc.array(frame, { minLength: 1, maxLength: 4 }), { maxLength: 5 });
    const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 });
    fc.assert(
      fc.property(messages, lengths, (sent, chunkLengths) => {
        const bytes = Buffer.concat([greeting(), ...sent.flatMap((frames) => packMessage(frames))]);
        const reader = new FrameReader();
        const got: number[][][] = [[]];
        for (const chunk of cut(bytes, chunkLengths)) {
          for (const { body, hasMore } of reader.read(chunk)) {
            got.at(-1)?.push([...body]);
            if (!hasMore) got.push([]);
          }
        }
        expect(got.slice(0, -1)).toEqual(sent.map((frames) => frames.map((bytes) => [...bytes])));
      }),
    );
  });

  it("refuses what is not ZMTP 3 with NULL, and frames without end", () => {
    const read = (bytes: Buffer) => [...new FrameReader().read(bytes)];
    expect(() => read(Buffer.from(`GET / HTTP/1.1\r\n${"x".repeat(60)}`))).toThrow(SyntaxError);
    const curve = greeting();
    curve.write("CURVE", 12);
    expect(() => read(curve)).toThrow(/CURVE/);
    const endless = Buffer.concat([greeting(), Buffer.from([2, 0, 0xff, 0, 0, 0, 0, 0, 0])]);
    expect(() => read(endless)).toThrow(RangeError);
  });

  it("reads the properties of READY, whatever the case of their names", () => {
    const frame = packReady({ "Socket-Type": Buffer.from("SUB"), IDENTITY: Buffer.from([1, 2]) });
    expect(readReady(frame.subarray(2))).toEqual(
      new Map([
        ["socket-type", Buffer.from("SUB")],
        ["identity", Buffer.from([1, 2])],
      ]),
    );
    expect(() => readReady(Buffer.from("\x05ERROR"))).toThrow(SyntaxError);
  });
});

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) await socket.close();
});

async function freeAddress(): Promise<Address & { port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return { host: "127.0.0.1", port };
}

/** A client that collects what arrives. */
async function client(type: SocketType, port: number, identity?: string) {
  const got: string[][] = [];
  const socket = connect(port, "127.0.0.1");
  const waiting: (() => void)[] = [];
  const peer: ZmtpPeer = await new Promise((resolve) => {
    new ZmtpPeer(socket, type, {
      ...(identity && { identity: Buffer.from(identity) }),
      onReady: resolve,
      onMessage: (frames) => {
        got.push(frames.map(String));
        for (const wake of waiting.splice(0)) wake();
      },
    });
  });
  open.push(peer);
  const next = async (count: number) => {
    while (got.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return got;
  };
  return { peer, next };
}

describe("RouterSocket", () => {
  it("answers by name, names the nameless, and lets a peer that comes back take over", async () => {
    const names: Buffer[] = [];
    const router: RouterSocket = new RouterSocket(([name, ...frames]) => {
      names.push(name as Buffer);
      router.send([name as Buffer, ...frames, Buffer.from("!")]);
    });
    open.push(router);
    const address = await freeAddress();
    await router.bind(address);
    const named = await client("DEALER", address.port, "jane");
    const nameless = await client("DEALER", address.port);
    named.peer.send([Buffer.from("a"), Buffer.from("b")]);
    expect(await named.next(1)).toEqual([["a", "b", "!"]]);
    nameless.peer.send([Buffer.from("c")]);
    expect(await nameless.next(1)).toEqual([["c", "!"]]);
    expect(names.map((name) => name.length)).toEqual([4, 5]);
    const again = await client("DEALER", address.port, "jane");
    await new Promise((resolve) => setTimeout(resolve, 20));
    router.send([Buffer.from("jane"), Buffer.from("to the newer")]);
    expect(await again.next(1)).toEqual([["to the newer"]]);
    router.send([Buffer.from("nobody"), Buffer.from("lost")]);
  });
});

describe("PublisherSocket", () => {
  it("sends what a peer subscribed to, and greets the subscriber alone", async () => {
    const publisher = new PublisherSocket((topic, reply) => reply([Buffer.from(`welcome ${topic}`)]));
    open.push(publisher);
    const address = await freeAddress();
    await publisher.bind(address);
    const all = await client("SUB", address.port);
    all.peer.send([Uint8Array.of(1)]);
    expect(await all.next(1)).toEqual([["welcome "]]);
    const some = await client("SUB", address.port);
    some.peer.send([Buffer.from("\x01status")]);
    expect(await some.next(1)).toEqual([["welcome status"]]);
    publisher.send([Buffer.from("stream"), Buffer.from("1")]);
    publisher.send([Buffer.from("status"), Buffer.from("2")]);
    expect(await some.next(2)).toEqual([["welcome status"], ["status", "2"]]);
    expect(await all.next(3)).toEqual([["welcome "], ["stream", "1"], ["status", "2"]]);
  });
});

describe("EchoSocket", () => {
  it("answers a heartbeat with itself", async () => {
    const echo = new EchoSocket();
    open.push(echo);
    const address = await freeAddress();
    await echo.bind(address);
    const { peer, next } = await client("REQ", address.port);
    peer.send([Buffer.alloc(0), Buffer.from("ping")]);
    expect(await next(1)).toEqual([["", "ping"]]);
  });
});
