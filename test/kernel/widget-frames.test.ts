/** Our widgets against what ipywidgets sends in the same situations, recorded by `widget-frames.py`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CommRegistry } from "../../kernel/src/comms.js";
import type { Header, Json } from "../../kernel/src/messages.js";
import { Publisher } from "../../kernel/src/publisher.js";
import { Widgets } from "../../kernel/src/widgets.js";

interface Frame {
  readonly type: string;
  readonly id: string;
  readonly target_name?: string;
  readonly metadata?: Json;
  readonly data: Json;
  readonly buffers: readonly (readonly number[])[];
}

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, "widget-frames.json"), "utf8")) as {
  steps: Record<string, Frame[]>;
};

/** The recorded conversation with our widgets on this side. */
function ours(): Record<string, Frame[]> {
  const sent: Frame[] = [];
  const publisher = new Publisher((message) => {
    if (message.type !== "publish") return;
    const { comm_id, target_name, data } = message.content as Record<string, never>;
    const { msgType: type, metadata, buffers = [] } = message;
    const lists = buffers.map((bytes) => [...bytes]);
    sent.push({ type, id: comm_id, target_name, data, buffers: lists, ...(metadata && { metadata }) });
  });
  const comms = new CommRegistry(publisher);
  const widgets = new Widgets(comms);
  const steps: Record<string, Frame[]> = {};
  const record = (name: string) => {
    steps[name] = sent.splice(0);
  };
  const parent = { msg_id: "1" } as Header;
  const receive = (comm_id: string, data: Json, buffers: Uint8Array[] = []) =>
    comms.receive("comm_msg", { comm_id, data }, { parent, buffers });

  const named = (name: string) => ({ name, module: "@saelab/widgets", version: "0.1.0" });
  const state = { nested: { list: [1, Uint8Array.of(8)] }, page: Uint8Array.of(7), value: 3 };
  const widget = widgets.create({ model: named("HeatmapModel"), view: named("HeatmapView"), state });
  record("open");
  widget.set({ value: 8 });
  record("set");
  const update = { method: "update", state: { value: 4 }, buffer_paths: [["page"]] };
  receive(widget.id, update, [Uint8Array.of(5)]);
  record("update from the front end");
  receive(widget.id, { method: "request_state" });
  record("request_state");
  widget.send({ hello: 1 }, [Uint8Array.of(2)]);
  record("custom");
  const open = { comm_id: "control", target_name: "jupyter.widget.control", data: {} };
  comms.receive("comm_open", open, { parent, metadata: { version: "1.0.0" } });
  sent.splice(0);
  receive("control", { method: "request_states" });
  record("request_states");
  widget.close();
  record("close");
  const text = JSON.stringify(steps);
  const [layout = "", model = ""] = (steps.open ?? []).map(({ id }) => id);
  return JSON.parse(text.replaceAll(layout, "LAYOUT").replaceAll(model, "MODEL"));
}

/** Values that are null everywhere mean the default of the front end, sent or not. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]));
}

describe("widgets speak as ipywidgets does", () => {
  const steps = ours();
  it.each(Object.keys(recorded.steps))("%s", (name) => {
    expect(withoutNulls(steps[name])).toEqual(withoutNulls(recorded.steps[name]));
  });
});
