/** Fields and rules of the messaging protocol that no other file looks at. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json, Message } from "../../kernel/src/messages.js";
import { WireCodec } from "../../kernel/src/wire.js";
import { ZmtpPeer } from "../../kernel/src/zmtp-peer.js";
import { contentsOf, KernelClient, resultOf } from "./kernel-client.js";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await KernelClient.start();
});
afterAll(() => kernel.stop());

/** States that were published for a message, in order. */
async function statesOf(id: string | undefined): Promise<unknown[]> {
  const isMine = ({ parent, header }: Message) => parent?.msg_id === id && header.msg_type === "status";
  await kernel.until((message) => isMine(message) && message.content.execution_state === "idle");
  return kernel.published.filter(isMine).map(({ content }) => content.execution_state);
}

describe("busy and idle", () => {
  const requests: Record<string, Json> = {
    kernel_info_request: {},
    comm_info_request: {},
    history_request: { hist_access_type: "tail", n: 1 },
    complete_request: { code: "Ma", cursor_pos: 2 },
    inspect_request: { code: "Math", cursor_pos: 4, detail_level: 1 },
    is_complete_request: { code: "1" },
    debug_request: { type: "request", seq: 1, command: "debugInfo" },
    interrupt_request: {},
    no_such_request: {},
  };
  it.each(Object.keys(requests))("are around a %s, on shell and control", async (type) => {
    for (const channel of ["shell", "control"] as const) {
      const id = kernel.send(type, requests[type] ?? {}, { channel });
      expect(await statesOf(id)).toEqual(["busy", "idle"]);
    }
  });

  it("are around each comm message, and unknown targets are closed", async () => {
    const open = { comm_id: "c9", target_name: "nobody", data: {} };
    const id = kernel.send("comm_open", open);
    expect(await statesOf(id)).toEqual(["busy", "idle"]);
    const closed = kernel.published.find(({ header }) => header.msg_type === "comm_close");
    expect(closed).toMatchObject({ content: { comm_id: "c9" }, parent: { msg_id: id } });
    expect(await statesOf(kernel.send("comm_msg", { comm_id: "c9", data: {} }))).toEqual(["busy", "idle"]);
    expect(await statesOf(kernel.send("comm_close", { comm_id: "c9", data: {} }))).toEqual(["busy", "idle"]);
  });
});

describe("execute_reply", () => {
  it("has its fields, and the page that a cell asked for", async () => {
    const { reply } = await kernel.execute("page({ a: 1 }); 5");
    expect(reply).toMatchObject({ status: "ok", execution_count: expect.any(Number), user_expressions: {} });
    expect(reply.payload).toEqual([{ source: "page", data: { "text/plain": "{ a: 1 }" }, start: 0 }]);
  });
});

describe("input_request", () => {
  it("says whether it is for a password", async () => {
    kernel.onInput((prompt, password) => `${prompt} ${password}`);
    const ask = "[await input('a'), await input('b', { password: true })]";
    const { outputs, reply } = await kernel.execute(ask, { allow_stdin: true });
    expect(resultOf({ outputs, reply })?.["text/plain"]).toBe("[ 'a false', 'b true' ]");
  });
});

describe("clear_output", () => {
  it("comes with and without waiting", async () => {
    const execution = await kernel.execute("clearOutput(); clearOutput({ wait: true })");
    expect(contentsOf(execution, "clear_output")).toEqual([{ wait: false }, { wait: true }]);
  });
});

/** Sends frames on a connection of their own. */
async function sendRaw(frames: readonly Uint8Array[]): Promise<ZmtpPeer> {
  const socket = connect(kernel.connection.shell_port, "127.0.0.1");
  return new Promise((resolve) => {
    const onReady = (peer: ZmtpPeer) => {
      peer.send(frames);
      resolve(peer);
    };
    new ZmtpPeer(socket, "DEALER", { onReady, onMessage: () => {} });
  });
}

function request(codec: WireCodec, code: string): Uint8Array[] {
  const header = codec.header("execute_request");
  return codec.encode({
    identities: [],
    header,
    parent: undefined,
    metadata: {},
    content: { code },
    buffers: [],
  });
}

describe("messages that are not to be trusted", () => {
  it("with a wrong signature are refused, and those that come twice", async () => {
    await kernel.execute("globalThis.runs = 0");
    const wrong = await sendRaw(request(new WireCodec("guessed"), "globalThis.runs += 100"));
    const frames = request(new WireCodec(kernel.connection.key), "globalThis.runs += 1");
    const right = await sendRaw(frames);
    right.send(frames);
    await kernel.until(({ content }) => content.code === "globalThis.runs += 1");
    while (!/has come before/.test(kernel.log)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(resultOf(await kernel.execute("globalThis.runs"))?.["text/plain"]).toBe("1");
    expect(kernel.log).toMatch(/signature does not match/);
    await Promise.all([wrong.close(), right.close()]);
  });

  it("longer than a frame may be are refused with a sentence, and the kernel lives", async () => {
    const endless = connect(kernel.connection.shell_port, "127.0.0.1");
    const peer = await new Promise<ZmtpPeer>((resolve) => {
      new ZmtpPeer(endless, "DEALER", { onReady: resolve, onMessage: () => {} });
    });
    const closed = new Promise((resolve) => endless.once("close", resolve));
    endless.write(Buffer.from([2, 0, 0, 0, 0, 0x80, 0, 0, 0]));
    await closed;
    while (!/Cannot take a frame/.test(kernel.log)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(kernel.log).toMatch(/Cannot take a frame of 2147483648 bytes: at most 1073741824 are accepted/);
    expect(resultOf(await kernel.execute("1 + 1"))?.["text/plain"]).toBe("2");
    await peer.close();
  });
});

describe("comms under load", () => {
  it("lose and reorder none of 10,000 messages each way while a cell awaits", async () => {
    const from = kernel.published.length;
    await kernel.execute(`
      const flood = globalThis[Symbol.for("Jupyter.comms")].open("flood");
      const got: number[] = [];
      flood.onMessage(({ data }) => { got.push(data.n); flood.send({ n: data.n }) });`);
    const opened = await kernel.until(({ content }) => content.target_name === "flood", from);
    const waiting = kernel.execute(
      "while (got.length < 10_000) await new Promise((r) => setTimeout(r, 10)); got.every((n, i) => n === i)",
    );
    for (let n = 0; n < 10_000; n++)
      kernel.send("comm_msg", { comm_id: opened.content.comm_id, data: { n } });
    expect(resultOf(await waiting)?.["text/plain"]).toBe("true");
    const echoes = () =>
      kernel.published
        .slice(from)
        .filter(({ header }) => header.msg_type === "comm_msg")
        .map(({ content }) => (content.data as { n: number }).n);
    while (echoes().length < 10_000) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(echoes().every((n, i) => n === i)).toBe(true);
  }, 120_000);
});
