import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fastestOf, interruptTarget } from "./fastest-of.js";
import { type Execution, KernelClient, resultOf, streamText } from "./kernel-client.js";

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

  it("ends children that ignore SIGINT, and kills those that ignore SIGTERM too", async () => {
    const from = kernel.published.length;
    const script = (signals: string) => JSON.stringify(`trap '' ${signals}; echo ready; exec sleep 60`);
    const running = kernel.execute(`import { spawn } from "node:child_process";
      const both = [${script("INT")}, ${script("INT TERM")}].map((text) => spawn("sh", ["-c", text]));
      const ends = both.map((child) => new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal))));
      for (const child of both) await new Promise((resolve) => child.stdout.once("data", resolve));
      console.log("both run"); await new Promise(() => {})`);
    await kernel.until(({ content }) => String(content.text).includes("both run"), from);
    await kernel.interrupt();
    expect((await running).reply.ename).toBe("InterruptError");
    const ended = await kernel.execute("await Promise.all(ends)");
    expect(resultOf(ended)?.["text/plain"]).toBe("[ 'SIGTERM', 'SIGKILL' ]");
  });

  it("does so when the cell waits for one synchronously", async () => {
    const code = `import { execSync } from "node:child_process"; execSync("trap '' INT; sleep 60")`;
    const fastest = await fastestOf(interruptTarget, async () => (await stop(code, byMessage)).milliseconds);
    expect(fastest).toBeLessThan(interruptTarget);
  });
});

/** For cells that are stopped while they wait. */
const waits = `const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function called(n: number) { await sleep(200); console.log("call", n); return n }
async function* counted() { try { for (let i = 0; ; i++) { await sleep(50); yield i } } finally { console.log("closed") } }
let n = 0;
{ using none = null }`; // the first that needs TypeScript takes its time

describe("an interrupt of a cell that awaits", () => {
  beforeAll(async () => {
    await kernel.execute(waits);
  });

  it.each([
    ["a loop", "for (const x of [1, 2, 3, 4]) { await sleep(200); console.log('call', x) }"],
    ["a function of an earlier cell", "for (const x of [1, 2, 3, 4]) await called(x)"],
    [
      "a loop that catches",
      "for (const x of [1, 2, 3, 4]) { try { await called(x) } catch { console.log('caught') } }",
    ],
    ["an async generator", "for await (const x of counted()) if (x % 4 === 3) console.log('call', x)"],
    [
      "calls side by side",
      "await Promise.all([1, 2, 3].map(async (x) => { await sleep(150 * x); await called(x) }))",
    ],
  ])("stops %s for good", async (_, code) => {
    const stopped = await stop(code, byMessage);
    expect(stopped.reply.ename).toBe("InterruptError");
    const from = kernel.published.length;
    await kernel.execute("await sleep(700)");
    const late = kernel.published.slice(from).map(({ content }) => content.text ?? "");
    expect(late.join("")).toBe("");
    expect(streamText(stopped)).not.toMatch(/caught/);
  });

  it("runs what finally, using and await using close, also behind an await that never ends", async () => {
    const stopped = await stop(
      `const closing = (name: string) => ({ async [Symbol.asyncDispose]() { await sleep(10); console.log(name) } });
      async function inner() { await using x = closing("inner"); await new Promise(() => {}) }
      try { await inner() } catch { console.log("caught") } finally { await sleep(20); console.log("finally") }`,
      byMessage,
    );
    expect(stopped.reply.ename).toBe("InterruptError");
    expect(streamText(stopped)).toBe("inner\nfinally\n");
  });

  it("gives up what closes too slowly, and lets it end in the background", async () => {
    const stopped = await stop(
      "try { await new Promise(() => {}) } finally { await sleep(1500); n = 42 }",
      byMessage,
    );
    expect(stopped.reply.ename).toBe("InterruptError");
    expect(resultOf(await kernel.execute("n"))?.["text/plain"]).toBe("0");
    expect(resultOf(await kernel.execute("await sleep(1500); n"))?.["text/plain"]).toBe("42");
  });

  it("leaves alone what an earlier cell does in the background, and where that prints", async () => {
    const background = await kernel.request("execute_request", {
      code: "let left = 8; const task = (async () => { while (left-- > 0) await called(left) })()",
      silent: false,
    });
    await stop("await called(99); await sleep(10_000)", byMessage);
    const after = await kernel.execute("await task; left");
    expect(resultOf(after)?.["text/plain"]).toBe("-1");
    expect(streamText(after)).toBe("");
    const printed = kernel.published.filter(({ parent }) => parent?.msg_id === background.parent?.msg_id);
    expect(streamText({ reply: {}, outputs: printed })).toContain("call 0\n");
  });

  it("keeps nothing of awaits that are over", async () => {
    const grown = await kernel.execute(
      "import { setFlagsFromString } from 'node:v8'; import vm from 'node:vm'; setFlagsFromString('--expose-gc');" +
        "const collect = vm.runInNewContext('gc'); collect(); const before = process.memoryUsage().heapUsed;" +
        "for (let i = 0; i < 300_000; i++) await Promise.resolve(i);" +
        "collect(); (process.memoryUsage().heapUsed - before) / 300_000",
    );
    expect(Number(resultOf(grown)?.["text/plain"])).toBeLessThan(10);
  });

  it("can be caught in a later cell, where it is an error like any other", async () => {
    await stop(
      "let failed: any; const job = called(1).then(() => sleep(5000)); failed = (async () => await job)(); await job",
      byMessage,
    );
    const later = await kernel.execute("try { await failed } catch (error) { error.name }");
    expect(later.reply.status).toBe("ok");
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
