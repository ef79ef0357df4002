import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../../kernel/src/messages.js";
import { murmur2 } from "../../kernel/src/murmur2.js";
import { KernelClient, resultOf } from "./kernel-client.js";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await KernelClient.start();
  await kernel.debug("initialize");
  await kernel.debug("attach");
});
afterAll(() => kernel.stop());

/** Sets breakpoints in a cell as JupyterLab does, and gives its path. */
async function breakAt(code: string, breakpoints: readonly Json[]): Promise<string> {
  const { sourcePath } = await kernel.debug("dumpCell", { code });
  const { breakpoints: set } = await kernel.debug("setBreakpoints", {
    source: { path: sourcePath },
    breakpoints,
  });
  expect(set).toMatchObject(breakpoints.map(({ line }) => ({ line, verified: true })));
  await kernel.debug("configurationDone");
  return String(sourcePath);
}

/** Waits for the event behind those that were there. */
async function event(name: string, from: number): Promise<Json> {
  const { content } = await kernel.until(
    ({ header, content }) => header.msg_type === "debug_event" && content.event === name,
    from,
  );
  return content.body as Json;
}

const frames = async () => (await kernel.debug("stackTrace")).stackFrames as Json[];

async function variablesOf(frameId: unknown, scope: string): Promise<Record<string, string>> {
  const { scopes } = await kernel.debug("scopes", { frameId });
  const { variablesReference } = (scopes as Json[]).find(({ name }) => name === scope) ?? {};
  const { variables } = await kernel.debug("variables", { variablesReference });
  return Object.fromEntries((variables as Json[]).map(({ name, value }) => [String(name), String(value)]));
}

/** Lets the kernel go on, again and again, until the cell ends. */
const go = () => kernel.debug("continue", { threadId: 1 });

describe("debugger", () => {
  it("is announced, and says how the paths of cells come about", async () => {
    const { content } = await kernel.request("kernel_info_request", {});
    expect(content).toMatchObject({ supported_features: ["debugger"], debugger: true });
    const info = await kernel.debug("debugInfo");
    expect(info).toMatchObject({
      isStarted: true,
      hashMethod: "Murmur2",
      richRendering: true,
      stoppedThreads: [],
    });
    const code = "1 + 1 // ß";
    const { sourcePath } = await kernel.debug("dumpCell", { code });
    const hash = murmur2(code, Number(info.hashSeed));
    expect(sourcePath).toBe(`${info.tmpFilePrefix}${hash}${info.tmpFileSuffix}`);
  });

  it("stops in a function and shows its frames, scopes and values", async () => {
    const code =
      "const scale = 3\nfunction grow(x: number) {\n  const y = x * scale\n  return { y, list: [x, 'a'] }\n}\ngrow(14).y";
    const path = await breakAt(code, [{ line: 4 }]);
    const from = kernel.published.length;
    const running = kernel.execute(code);
    expect(await event("stopped", from)).toMatchObject({ reason: "breakpoint", threadId: 1 });
    expect((await kernel.debug("debugInfo")).stoppedThreads).toEqual([1]);
    const [top, cell] = await frames();
    expect(top).toMatchObject({ name: "grow", line: 4, source: { path } });
    expect(cell).toMatchObject({ name: "<cell>", line: 6, source: { path } });
    expect(await variablesOf(top?.id, "Local")).toMatchObject({ x: "14", y: "42" });
    expect(await variablesOf(top?.id, "Cells")).toMatchObject({ scale: "3" });
    const evaluated = await kernel.debug("evaluate", { expression: "({ deep: [y] })", frameId: top?.id });
    expect(evaluated).toMatchObject({ result: "Object" });
    const inside = await kernel.debug("variables", { variablesReference: evaluated.variablesReference });
    expect(inside.variables).toMatchObject([{ name: "deep", value: "Array(1)" }]);
    await expect(kernel.debug("evaluate", { expression: "nope", frameId: 0 })).rejects.toThrow(/nope/);
    expect(await kernel.debug("richInspectVariables", { variableName: "y", frameId: 0 })).toEqual({
      data: { "text/plain": "42" },
      metadata: {},
    });
    await kernel.debug("copyToGlobals", { srcVariableName: "y", dstVariableName: "copied", srcFrameId: 0 });
    expect((await kernel.debug("source", { source: { path } })).content).toBe(code);
    await go();
    expect(await event("continued", from)).toMatchObject({ threadId: 1 });
    expect(resultOf(await running)?.["text/plain"]).toBe("42");
    expect(resultOf(await kernel.execute("copied"))?.["text/plain"]).toBe("42");
    await kernel.debug("setBreakpoints", { source: { path }, breakpoints: [] });
    expect(resultOf(await kernel.execute(code))?.["text/plain"]).toBe("42");
  });

  it("steps over, into and out of, across an await, and not into the kernel", async () => {
    const code = "let a = 1\nfunction twice(x: number) {\n  return x * 2\n}\nawait 0\na = twice(a)\na";
    const path = await breakAt(code, [{ line: 5 }]);
    let from = kernel.published.length;
    const running = kernel.execute(code);
    const lines: unknown[] = [];
    for (const step of ["next", "stepIn", "stepOut"]) {
      await event("stopped", from);
      lines.push((await frames())[0]?.line);
      from = kernel.published.length;
      await kernel.debug(step, { threadId: 1 });
    }
    await event("stopped", from);
    lines.push((await frames())[0]?.line);
    expect(lines).toEqual([5, 6, 3, 7]);
    await go();
    expect(resultOf(await running)?.["text/plain"]).toBe("2");
    await kernel.debug("setBreakpoints", { source: { path }, breakpoints: [] });
  });

  it("heeds conditions, and lines as typed where TypeScript is lowered", async () => {
    const code = "enum Kind {\n  A,\n  B,\n}\nlet sum = 0\nfor (let i = 0; i < 5; i++) {\n  sum += i\n}\nsum";
    const path = await breakAt(code, [{ line: 7, condition: "i === 3" }]);
    const from = kernel.published.length;
    const running = kernel.execute(code);
    await event("stopped", from);
    const [top] = await frames();
    expect(top).toMatchObject({ line: 7 });
    expect((await kernel.debug("evaluate", { expression: "i", frameId: 0 })).result).toBe("3");
    await go();
    expect(resultOf(await running)?.["text/plain"]).toBe("10");
    await kernel.debug("setBreakpoints", { source: { path }, breakpoints: [] });
  });

  it("stops what runs when asked, and can be interrupted there", async () => {
    const from = kernel.published.length;
    const running = kernel.execute("let turns = 0\nwhile (true) turns++");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await kernel.debug("pause", { threadId: 1 });
    expect(await event("stopped", from)).toMatchObject({ reason: "pause" });
    expect((await frames())[0]).toMatchObject({ line: 2 });
    await kernel.interrupt();
    expect((await running).reply.ename).toBe("InterruptError");
    expect(resultOf(await kernel.execute("turns > 0"))?.["text/plain"]).toBe("true");
  });

  it("stops at exceptions when told to", async () => {
    await kernel.debug("setExceptionBreakpoints", { filters: ["raised"] });
    const from = kernel.published.length;
    const running = kernel.execute("const before = 1\nthrow new Error('seen')");
    expect(await event("stopped", from)).toMatchObject({ reason: "exception" });
    expect((await frames())[0]).toMatchObject({ line: 2 });
    await kernel.debug("setExceptionBreakpoints", { filters: [] });
    await go();
    expect((await running).reply.evalue).toBe("seen");
  });

  it("shows the variables of all cells while nothing is paused", async () => {
    const rich = '{ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>x</b>" }) }';
    await kernel.execute(`const shown = ${rich}; const words = ["a", "b"]`);
    const { variables } = await kernel.debug("inspectVariables");
    expect(variables).toContainEqual(
      expect.objectContaining({ name: "words", value: "Array(2)", type: "Array" }),
    );
    const { data } = await kernel.debug("richInspectVariables", { variableName: "shown" });
    expect(data).toMatchObject({ "text/html": "<b>x</b>" });
  });

  it("refuses what it does not know, and leaves the kernel alone when it is told to go", async () => {
    await expect(kernel.debug("fly")).rejects.toThrow('Cannot debug with "fly"');
    const code = "const last = 5\nlast";
    await breakAt(code, [{ line: 1 }]);
    const from = kernel.published.length;
    const running = kernel.execute(code);
    await event("stopped", from);
    await kernel.debug("disconnect");
    expect(resultOf(await running)?.["text/plain"]).toBe("5");
    expect((await kernel.debug("debugInfo")).isStarted).toBe(false);
    await kernel.debug("attach");
    expect(resultOf(await kernel.execute("1 + 1"))?.["text/plain"]).toBe("2");
  });
});
