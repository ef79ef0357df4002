import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fastestOf, interruptTarget } from "./fastest-of.js";
import { type Execution, KernelClient, resultOf } from "./kernel-client.js";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await KernelClient.start();
});
afterAll(() => kernel.stop());

/** Runs a cell, stops it once it is at work, and says how long stopping took. */
async function stop(
  code: string,
  interrupt: () => Promise<void>,
): Promise<Execution & { milliseconds: number }> {
  const running = kernel.execute(code);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const start = performance.now();
  await interrupt();
  const execution = await running;
  return { ...execution, milliseconds: performance.now() - start };
}

const byMessage = () => kernel.interrupt();
async function bySignal(): Promise<void> {
  kernel.process.kill("SIGINT");
}

const spawnOne = 'import { spawn } from "node:child_process"; const child = spawn("sleep", ["60"]);';
const cells = {
  "a loop": "while (true) {}",
  "a pending await": "await new Promise(() => {})",
  "a loop after an await": "await 1; while (true) {}",
  "a loop in a timer": "setTimeout(() => { while (true) {} }, 1); await new Promise(() => {})",
  "an endless chain of promises": "await (async () => { while (true) await null })()",
  "a slow regular expression": "/(a+)+b/.test('a'.repeat(40))",
  "a loop that catches everything": "while (true) { try { while (true) {} } catch {} }",
  "a flood of output": "while (true) console.log('x'.repeat(1000))",
  "a child process": `${spawnOne} await new Promise((resolve) => child.on("exit", resolve))`,
  "a loop despite a listener of a library": 'process.on("SIGINT", () => {}); await 1; while (true) {}',
};
const blocked = {
  "a synchronous child process": 'import { execSync } from "node:child_process"; execSync("sleep 60")',
  spawnSync:
    'import { spawnSync } from "node:child_process"; spawnSync("sleep", ["60"], { stdio: "inherit" })',
};

async function isStopped(code: string, interrupt: () => Promise<void>): Promise<void> {
  await kernel.execute("const kept = 'kept'");
  const fastest = await fastestOf(interruptTarget, async () => {
    const { reply, milliseconds } = await stop(code, interrupt);
    expect(reply).toMatchObject({ status: "error", ename: "InterruptError" });
    const after = await kernel.execute("await new Promise((resolve) => setTimeout(resolve, 5)); kept");
    expect(resultOf(after)?.["text/plain"]).toBe("'kept'");
    return milliseconds;
  });
  expect(fastest).toBeLessThan(interruptTarget);
}

describe.each(Object.entries({ ...cells, ...blocked }))("interrupt of %s", (_, code) => {
  it("by message stops it, and the kernel keeps its state", () => isStopped(code, byMessage));
});

describe.skipIf(process.platform === "win32").each(Object.entries(cells))("SIGINT in %s", (_, code) => {
  it("stops it, and the kernel keeps its state", () => isStopped(code, bySignal));
});

describe.skipIf(process.platform === "win32")("an interrupt", () => {
  it("ends the children of the running cell, and not those of earlier ones", async () => {
    await kernel.execute('import { spawn } from "node:child_process"; const old = spawn("sleep", ["60"]);');
    await stop('const fresh = spawn("sleep", ["60"]); await new Promise(() => {})', byMessage);
    const ended = await kernel.execute(
      'if (fresh.signalCode === null) await new Promise((resolve) => fresh.on("exit", resolve)); [fresh.signalCode, old.signalCode]',
    );
    expect(resultOf(ended)?.["text/plain"]).toBe("[ 'SIGINT', null ]");
    await kernel.execute("old.kill()");
  });
});

describe("interrupt", () => {
  it("aborts the signal, and waits for who watches it to stop cleanly", async () => {
    const execution = await stop(
      `const signal = globalThis[Symbol.for("Jupyter.signal")] as AbortSignal;
      let saved = "";
      while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 100));
      saved = "work";`,
      byMessage,
    );
    expect(execution.reply).toMatchObject({ ename: "InterruptError" });
    expect(resultOf(await kernel.execute("saved"))?.["text/plain"]).toBe("'work'");
  });

  it("takes the waiting cells with it", async () => {
    const next = new Promise((resolve) => setTimeout(resolve, 50)).then(() => kernel.execute("1"));
    const { reply } = await stop("await new Promise(() => {})", byMessage);
    expect(reply.status).toBe("error");
    expect((await next).reply.status).toBe("aborted");
  });

  it("does nothing to an idle kernel", async () => {
    await kernel.interrupt();
    expect((await kernel.execute("await 1; 2")).reply.status).toBe("ok");
  });
});

describe("comm messages", () => {
  it("are handled while a cell awaits, in order, none lost, with busy and idle around each", async () => {
    await kernel.execute(`
      const comm = globalThis[Symbol.for("Jupyter.comms")].open("test");
      let received: number[] = [];
      comm.onMessage(({ data, buffers }) => { received.push(data.n); if (data.last) comm.send({ done: true }, { buffers }) });`);
    const opened = await kernel.until(({ content }) => content.target_name === "test");
    const from = kernel.published.length;
    const waiting = kernel.execute("await new Promise((resolve) => setTimeout(resolve, 1500)); 'waited'");
    const total = 2000;
    for (let n = 0; n < total; n++) {
      const data = { n, last: n === total - 1 };
      kernel.send("comm_msg", { comm_id: opened.content.comm_id, data }, { buffers: [Buffer.alloc(100, n)] });
    }
    const done = await kernel.until(
      ({ content }) => (content.data as { done?: boolean })?.done === true,
      from,
    );
    expect(done.buffers).toEqual([Buffer.alloc(100, total - 1)]);
    expect(kernel.published.slice(from).some(({ content }) => content.execution_state === "idle")).toBe(true);
    expect(resultOf(await waiting)?.["text/plain"]).toBe("'waited'");
    const order = "received.length === 2000 && received.every((n, i) => n === i)";
    expect(resultOf(await kernel.execute(order))?.["text/plain"]).toBe("true");
    const idle = kernel.published
      .slice(from)
      .filter(({ parent, content }) => parent?.msg_type === "comm_msg" && content.execution_state === "idle");
    expect(idle.length).toBe(total);
  });

  it("carry 30 MB down and 9 MB up", async () => {
    const from = kernel.published.length;
    await kernel.execute(`
      const wide = globalThis[Symbol.for("Jupyter.comms")].open("wide", { buffers: [new Uint8Array(30_000_000).fill(7)] });
      wide.onMessage(({ buffers }) => wide.send({ bytes: buffers[0].length }));`);
    const opened = await kernel.until(({ content }) => content.target_name === "wide", from);
    expect(opened.buffers[0]?.length).toBe(30_000_000);
    const content = { comm_id: opened.content.comm_id, data: {} };
    kernel.send("comm_msg", content, { buffers: [Buffer.alloc(9_000_000)] });
    await kernel.until(({ content }) => (content.data as { bytes?: number })?.bytes === 9_000_000, from);
  });

  it("that fail are reported, and the kernel lives", async () => {
    await kernel.execute(`
      const broken = globalThis[Symbol.for("Jupyter.comms")].open("broken");
      broken.onMessage(() => { throw new Error("no handler") });`);
    const { content } = await kernel.until(({ content }) => content.target_name === "broken");
    kernel.send("comm_msg", { comm_id: content.comm_id, data: {} });
    await kernel.until(({ content }) => content.name === "stderr" && /no handler/.test(String(content.text)));
    const info = await kernel.request("comm_info_request", { target_name: "broken" });
    expect(info.content).toEqual({
      status: "ok",
      comms: { [String(content.comm_id)]: { target_name: "broken" } },
    });
  });
});

describe("process.exit()", () => {
  it("ends the kernel with a message in the cell, and runs exit handlers", async () => {
    const own = await KernelClient.start();
    const code = new Promise((resolve) => own.process.once("exit", resolve));
    const { reply } = await own.execute(
      "process.on('exit', (code) => { process.exitCode = code + 1 }); process.exit(2)",
    );
    expect(reply).toMatchObject({
      ename: "KernelExit",
      evalue: expect.stringMatching(/process\.exit\(2\) was called/),
    });
    expect(await code).toBe(3);
    await own.stop();
  });
});

describe("shutdown", () => {
  it("is answered, and the process leaves by itself", async () => {
    const own = await KernelClient.start();
    await own.execute("process.on('exit', () => {}); setInterval(() => {}, 1000)");
    const { content } = await own.request("shutdown_request", { restart: true }, "control");
    expect(content).toMatchObject({ status: "ok", restart: true });
    const code = await new Promise((resolve) => own.process.once("exit", resolve));
    expect(code).toBe(0);
    await own.stop();
  });

  it.skipIf(process.platform === "win32")("takes along the child processes that cells started", async () => {
    const own = await KernelClient.start();
    const told = join(own.folder, "told");
    const script = `trap 'echo told > ${told}; exit' TERM; echo ready; while :; do sleep 0.1; done`;
    await own.execute(`
      import { spawn } from "node:child_process";
      const child = spawn("sh", ["-c", ${JSON.stringify(script)}]);
      await new Promise((resolve) => child.stdout.once("data", resolve));`);
    await own.request("shutdown_request", { restart: false }, "control");
    while (!existsSync(told)) await new Promise((resolve) => setTimeout(resolve, 50));
    await own.stop();
  });
});
