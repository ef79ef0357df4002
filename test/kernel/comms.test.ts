import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinBuffers, splitBuffers } from "../../kernel/src/buffer-paths.js";
import { CommRegistry } from "../../kernel/src/comms.js";
import type { Header, Json } from "../../kernel/src/messages.js";
import { Publisher } from "../../kernel/src/publisher.js";
import type { ToIo } from "../../kernel/src/thread-messages.js";
import { Widgets } from "../../kernel/src/widgets.js";

type Published = Extract<ToIo, { type: "publish" }>;

function setUp() {
  const sent: Published[] = [];
  const publisher = new Publisher((message) => {
    if (message.type === "publish") sent.push(message);
  });
  const comms = new CommRegistry(publisher);
  return { sent, comms, widgets: new Widgets(comms) };
}

const parent: Header = {
  msg_id: "m1",
  msg_type: "comm_msg",
  session: "s",
  username: "u",
  date: "2020-01-01T00:00:00Z",
  version: "5.5",
};

describe("CommRegistry", () => {
  it("opens, sends, receives and closes, with buffers and metadata", () => {
    const { sent, comms } = setUp();
    const comm = comms.open("target", {
      data: { a: 1 },
      buffers: [Uint8Array.of(1)],
      metadata: { version: "1" },
    });
    expect(sent[0]).toMatchObject({
      msgType: "comm_open",
      content: { comm_id: comm.id, target_name: "target", data: { a: 1 } },
      metadata: { version: "1" },
      buffers: [Uint8Array.of(1)],
    });
    const got: unknown[] = [];
    comm.onMessage((message) => got.push(message));
    comm.onClose(() => got.push("closed"));
    const content = { comm_id: comm.id, data: { b: 2 } };
    comms.receive("comm_msg", content, { parent, buffers: [Uint8Array.of(9)], metadata: { m: 1 } });
    comms.receive("comm_close", content, { parent });
    comms.receive("comm_msg", content, { parent });
    expect(got).toEqual([{ data: { b: 2 }, buffers: [Uint8Array.of(9)], metadata: { m: 1 } }, "closed"]);
  });

  it("gives comms of the front end to their target, and closes those of no target", () => {
    const { sent, comms } = setUp();
    const opened: unknown[] = [];
    comms.registerTarget("mine", (comm, { data }) => opened.push([comm.id, data]));
    comms.receive("comm_open", { comm_id: "c1", target_name: "mine", data: { x: 1 } }, { parent });
    comms.receive("comm_open", { comm_id: "c2", target_name: "other", data: {} }, { parent });
    expect(opened).toEqual([["c1", { x: 1 }]]);
    expect(sent).toMatchObject([{ msgType: "comm_close", content: { comm_id: "c2" }, parent }]);
  });

  it("throws where data cannot be sent", () => {
    const { comms } = setUp();
    expect(() => comms.open("target", { data: { big: 1n } })).toThrow(TypeError);
  });

  it("copies no more of a buffer than the view shows", () => {
    const { sent, comms } = setUp();
    comms.open("target", { buffers: [new Uint8Array(1000).subarray(10, 12)] });
    expect(sent[0]?.buffers?.[0]?.buffer.byteLength).toBe(2);
  });
});

describe("splitBuffers()", () => {
  it("leaves null in lists and no key in objects, as the protocol says", () => {
    const bytes = Uint8Array.of(1, 2);
    const floats = Float32Array.of(1);
    expect(splitBuffers({ x: [1, bytes], y: { z: floats, w: "t" }, v: bytes.buffer })).toEqual({
      state: { x: [1, null], y: { w: "t" } },
      bufferPaths: [["x", 1], ["y", "z"], ["v"]],
      buffers: [bytes, new Uint8Array(floats.buffer), bytes],
    });
  });

  it("is undone by joinBuffers()", () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        fc.integer(),
        fc.string(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 5 }),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie("tree"), { maxKeys: 3, noNullPrototype: true }),
      ),
    }));
    const states = fc.dictionary(fc.string(), tree, { noNullPrototype: true });
    fc.assert(
      fc.property(states, (state) => {
        const { state: rest, bufferPaths, buffers } = splitBuffers(state);
        const sent = JSON.parse(JSON.stringify(rest));
        expect(joinBuffers(sent, bufferPaths, buffers)).toEqual(state);
      }),
    );
  });
});

describe("Widgets", () => {
  const model = { name: "HeatmapModel", module: "@saelab/widgets", version: "0.1.0" };
  const view = { name: "HeatmapView", module: "@saelab/widgets", version: "0.1.0" };
  const stateOf = (message: Published | undefined) => (message?.content.data as Json | undefined)?.state;
  const dataOf = (message: Published | undefined) => message?.content.data;

  it("open a layout and a model of protocol 2.1, bytes beside the JSON", () => {
    const { sent, widgets } = setUp();
    const widget = widgets.create({ model, view, state: { value: 3, page: Uint8Array.of(7) } });
    const [layout, opened] = sent;
    expect(stateOf(layout)).toMatchObject({ _model_name: "LayoutModel", _view_name: "LayoutView" });
    expect(opened).toMatchObject({
      msgType: "comm_open",
      metadata: { version: "2.1.0" },
      content: { comm_id: widget.id, target_name: "jupyter.widget", data: { buffer_paths: [["page"]] } },
      buffers: [Uint8Array.of(7)],
    });
    expect(stateOf(opened)).toEqual({
      _model_name: "HeatmapModel",
      _model_module: "@saelab/widgets",
      _model_module_version: "0.1.0",
      _view_name: "HeatmapView",
      _view_module: "@saelab/widgets",
      _view_module_version: "0.1.0",
      _view_count: null,
      _dom_classes: [],
      layout: `IPY_MODEL_${String(layout?.content.comm_id)}`,
      tabbable: null,
      tooltip: null,
      value: 3,
    });
    expect(widget.mimeBundle()).toEqual({
      "application/vnd.jupyter.widget-view+json": { version_major: 2, version_minor: 0, model_id: widget.id },
    });
  });

  it("take an update, echo it with the update as parent, and call back", () => {
    const { sent, comms, widgets } = setUp();
    const widget = widgets.create({ model, view, state: { value: 3 } });
    const changes: unknown[] = [];
    widget.onChange((changed) => changes.push(changed));
    const data = { method: "update", state: { value: 4 }, buffer_paths: [["page"]] };
    comms.receive("comm_msg", { comm_id: widget.id, data }, { parent, buffers: [Uint8Array.of(5)] });
    expect(changes).toEqual([{ value: 4, page: Uint8Array.of(5) }]);
    expect(widget.state).toMatchObject({ value: 4, page: Uint8Array.of(5) });
    const echo = sent.at(-1);
    expect(dataOf(echo)).toEqual({ method: "echo_update", state: { value: 4 }, buffer_paths: [["page"]] });
    expect(echo).toMatchObject({ parent, buffers: [Uint8Array.of(5)] });
  });

  it("send changes, custom messages and, when asked, the whole state", () => {
    const { sent, comms, widgets } = setUp();
    const widget = widgets.create({ model, view, state: { value: 3 } });
    widget.set({ value: 8 });
    expect(dataOf(sent.at(-1))).toEqual({ method: "update", state: { value: 8 }, buffer_paths: [] });
    widget.send({ page: 1 }, [Uint8Array.of(2)]);
    expect(sent.at(-1)).toMatchObject({ content: { data: { method: "custom", content: { page: 1 } } } });
    const got: unknown[] = [];
    widget.onMessage((content, buffers) => got.push(content, buffers.length));
    const custom = { comm_id: widget.id, data: { method: "custom", content: "hi" } };
    comms.receive("comm_msg", custom, { parent, buffers: [Uint8Array.of(1)] });
    expect(got).toEqual(["hi", 1]);
    comms.receive("comm_msg", { comm_id: widget.id, data: { method: "request_state" } }, { parent });
    expect(stateOf(sent.at(-1))).toMatchObject({ _model_name: "HeatmapModel", value: 8 });
  });

  it("answer the control comm with all live models, paths starting with their ids", () => {
    const { sent, comms, widgets } = setUp();
    const widget = widgets.create({ model, view, state: { page: Uint8Array.of(7) } });
    const closed = widgets.create({ model, view });
    closed.close();
    comms.receive(
      "comm_open",
      { comm_id: "ctl", target_name: "jupyter.widget.control", data: {} },
      { parent },
    );
    comms.receive("comm_msg", { comm_id: "ctl", data: { method: "request_states" } }, { parent });
    const data = dataOf(sent.at(-1)) as Json;
    expect(data.method).toBe("update_states");
    expect(data.buffer_paths).toEqual([[widget.id, "state", "page"]]);
    const states = data.states as Record<string, Json>;
    expect(states[widget.id]).toMatchObject({ model_name: "HeatmapModel", model_module: "@saelab/widgets" });
    expect(Object.keys(states)).not.toContain(closed.id);
  });
});
