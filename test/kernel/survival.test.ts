import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Execution, KernelClient, resultOf, streamText } from "./kernel-client.js";

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await KernelClient.start();
});
afterAll(() => kernel.stop());

const idOf = ({ reply, outputs }: Execution) => outputs[0]?.parent?.msg_id ?? String(reply.status);

describe("an error that nobody caught", () => {
  const late = {
    "a rejection":
      "const task = (async () => { await new Promise((r) => setTimeout(r, 150)); throw new Error('late 1') })();",
    "an exception in a timer": "setTimeout(() => { throw new Error('late 2') }, 150);",
    "an exception in an event":
      'import { EventEmitter } from "node:events"; const events = new EventEmitter(); events.on("x", () => { throw new Error("late 3") }); setTimeout(() => events.emit("x"), 150);',
  };
  it.each(Object.entries(late))(
    "as %s is shown in the cell that caused it, while another one runs",
    async (name, code) => {
      const from = kernel.published.length;
      const guilty = await kernel.execute(code);
      const innocent = await kernel.execute("await new Promise((r) => setTimeout(r, 400)); 'fine'");
      const number = Object.keys(late).indexOf(name) + 1;
      const shown = await kernel.until(
        ({ content }) => String(content.text).includes(`late ${number}`),
        from,
      );
      expect(shown.parent?.msg_id).toBe(idOf(guilty));
      expect(shown.content).toMatchObject({ name: "stderr", text: expect.stringMatching(/cell-\d+\.ts:1:/) });
      expect(resultOf(innocent)?.["text/plain"]).toBe("'fine'");
    },
  );
});

describe("what is thrown and is no Error, so that nothing names its cell,", () => {
  const sleep = "await new Promise((r) => setTimeout(r, 150));";
  it.each([
    ["rejected in a timer", "setTimeout(() => { Promise.reject('lost A') }, 150); 1", "lost A"],
    ["thrown in a timer", "setTimeout(() => { throw 'lost B' }, 150); 1", "lost B"],
    ["rejected behind an await", `void (async () => { ${sleep} Promise.reject('lost C') })(); 1`, "lost C"],
  ])("and is %s, is shown in its own cell while another one runs", async (_, code, text) => {
    const from = kernel.published.length;
    const guilty = await kernel.execute(code);
    const innocent = await kernel.execute(`${sleep} ${sleep} void Promise.reject('mine ${text}'); 'fine'`);
    const shownIn = async (wanted: string) => {
      const isIt = ({ content }: { content: object }) =>
        String(Reflect.get(content, "text")).includes(`'${wanted}'`);
      return (await kernel.until(isIt, from)).parent?.msg_id;
    };
    expect(await shownIn(text)).toBe(idOf(guilty));
    expect(await shownIn(`mine ${text}`)).toBe(idOf(innocent));
  });
});

describe.skipIf(process.platform === "win32")("child processes", () => {
  it.each([
    'import { spawn } from "node:child_process"; const done = (c: any) => new Promise((r) => c.on("close", r)); await done(spawn("sh", ["-c", "echo out; echo err >&2"], { stdio: "inherit" }))',
    'import { spawnSync } from "node:child_process"; spawnSync("sh", ["-c", "echo out; echo err >&2"], { stdio: "inherit" }); undefined',
    'import { execSync } from "node:child_process"; execSync("echo out; echo err >&2", { stdio: ["pipe", 1, process.stderr] }); undefined',
  ])("that inherit the streams print into their cell: %s", async (code) => {
    const execution = await kernel.execute(code);
    expect(execution.reply.status).toBe("ok");
    expect([streamText(execution), streamText(execution, "stderr")]).toEqual(["out\n", "err\n"]);
  });

  it("print into the cell that started them, also when it is over", async () => {
    const from = kernel.published.length;
    const first = await kernel.execute(
      'import { spawn } from "node:child_process"; const slow = spawn("sh", ["-c", "sleep 0.2; echo late child"], { stdio: "inherit" }); slow.stdout',
    );
    expect(resultOf(first)?.["text/plain"]).toBe("null");
    await kernel.execute("await new Promise((r) => slow.on('close', r))");
    const shown = await kernel.until(({ content }) => content.text === "late child\n", from);
    expect(shown.parent?.msg_id).toBe(idOf(first));
  });

  it("with pipes of their own keep them", async () => {
    const result = await kernel.execute(
      'import { execSync, spawnSync } from "node:child_process"; [execSync("echo a").toString(), spawnSync("echo", ["b"]).stdout.toString()]',
    );
    expect(resultOf(result)?.["text/plain"]).toBe("[ 'a\\n', 'b\\n' ]");
  });
});

describe("a cell that ends the process", () => {
  it.each(["process.exit(3)", "process.abort()"])("by %s says so in its error", async (code) => {
    const own = await KernelClient.start();
    const gone = new Promise((resolve) => own.process.once("exit", resolve));
    const { reply } = await own.execute(code);
    expect(reply).toMatchObject({
      ename: "KernelExit",
      evalue: expect.stringContaining(`${code} was called`),
    });
    await gone;
    await own.stop();
  });
});

describe.skipIf(process.platform === "win32")("a crash", () => {
  /** Crashes a kernel, starts another one in its place as Jupyter does, and gives what that prints first. */
  async function firstWords(code: string, flags: readonly string[] = []): Promise<string[]> {
    const own = await KernelClient.start({ flags });
    const gone = new Promise((resolve) => own.process.once("exit", resolve));
    await own.execute("1");
    void own.execute(code);
    await gone;
    const next = await KernelClient.start({ after: own });
    try {
      return [streamText(await next.execute("1"), "stderr"), streamText(await next.execute("2"), "stderr")];
    } finally {
      await next.stop();
    }
  }

  it("of native code is explained in the next cell, once", async () => {
    const [first, second] = await firstWords("process.kill(process.pid, 'SIGSEGV')");
    expect(first).toMatch(/The kernel before this one died in cell 2: native code crashed/);
    expect(first).toMatch(/run the cells again/);
    expect(second).toBe("");
  });

  it("for lack of memory is explained in the next cell", async () => {
    const [first] = await firstWords(
      "const kept: unknown[] = []; const grow = () => { for (let i = 0; i < 250; i++) kept.push(new Array(1000).fill(i)); setTimeout(grow, 20) }; grow()",
      ["--max-old-space-size=200"],
    );
    expect(first).toMatch(/died (in cell 2|while no cell ran): it ran out of memory .*max-old-space-size/);
  }, 120_000);

  it("is not suspected after a shutdown", async () => {
    const own = await KernelClient.start();
    await own.execute("1");
    expect(readdirSync(own.folder)).toContain(".saelab-connection.json");
    const gone = new Promise((resolve) => own.process.once("exit", resolve));
    await own.request("shutdown_request", { restart: true }, "control");
    await gone;
    expect(existsSync(join(own.folder, ".saelab-connection.json"))).toBe(false);
    await own.stop();
  });
});

describe("a cell that fills the memory", () => {
  it("is stopped before the kernel dies, and its variables are kept", async () => {
    const own = await KernelClient.start({ flags: ["--max-old-space-size=600"] });
    await own.execute("const kept = 'kept'");
    const grow =
      "(() => { const all = []; while (true) { all.push(new Array(100_000).fill(Math.random())); const end = Date.now() + 3; while (Date.now() < end) {} } })()";
    const execution = await own.execute(grow);
    expect(execution.reply.ename).toBe("InterruptError");
    expect(streamText(execution, "stderr")).toMatch(/The cell is stopped: \d+ MB of memory are in use/);
    expect(resultOf(await own.execute("kept"))?.["text/plain"]).toBe("'kept'");
    await own.stop();
  }, 120_000);
});

describe("a thousand cells", () => {
  it.skipIf(process.platform !== "linux")(
    "leave little behind",
    async () => {
      const own = await KernelClient.start({ args: ["--type-check", "off"] });
      const cell = (i: number) =>
        `function f${i}(x: number) { return x + ${i} }\nclass A${i} { y = f${i}(1) }\nnew A${i}().y`;
      for (let i = 0; i < 100; i++) await own.execute(cell(i));
      const before = residentMegabytes(own);
      for (let i = 100; i < 1000; i++) await own.execute(cell(i));
      expect((residentMegabytes(own) - before) / 900).toBeLessThan(0.2);
      await own.stop();
    },
    300_000,
  );
});

function residentMegabytes({ process }: KernelClient): number {
  const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
