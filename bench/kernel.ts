/**
 * The kernel as a front end feels it: start, cells, completion, output, comms, interrupts, memory; and tslab's own
 * kernel in the same run, and Deno's where there is one, as far as they answer.
 *
 *     npm run build -w kernel && npx tsx bench/kernel.ts
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { KernelClient, type StartOptions } from "../test/kernel/kernel-client.js";

type Measures = Record<string, number | undefined>;

const require = createRequire(import.meta.url);
const clients = new Set<KernelClient>();
const tslab: StartOptions = {
  argv: (file) => [require.resolve("tslab/bin/tslab"), "kernel", "--config-path", file],
};

const deno: StartOptions = { command: "deno", argv: (file) => ["jupyter", "--kernel", "--conn", file] };

await main();
for (const client of clients) client.process.kill("SIGKILL");

async function main(): Promise<void> {
  const busyBefore = busySeconds();
  const began = performance.now();
  const rows = {
    saelab: { ...(await common({})), ...(await own()) },
    tslab: await patiently(() => common(tslab)),
    ...(hasDeno() && { deno: await patiently(() => common(deno)) }),
  };
  const idle = 1 - (busySeconds() - busyBefore) / ((performance.now() - began) / 1000) / cpus().length;
  const names = Object.keys(rows.saelab);
  console.log(
    "".padEnd(44) +
      Object.keys(rows)
        .map((kernel) => kernel.padStart(10))
        .join(""),
  );
  for (const name of names) {
    const numbers = Object.values(rows).map((row) => shown((row as Measures)[name]).padStart(10));
    console.log(name.padEnd(44) + numbers.join(""));
  }
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    load: loadavg()[0],
    idle,
    node: process.version,
  };
  console.log(JSON.stringify({ bench: "kernel", machine, rows }));
}

/** Deno is measured where it is installed. */
function hasDeno(): boolean {
  return spawnSync("deno", ["--version"]).status === 0;
}

function shown(value: number | undefined): string {
  return value === undefined ? "" : value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}

/** What any kernel can be asked; few times, because tslab loses messages after some five hundred. */
async function common(options: StartOptions): Promise<Measures> {
  const cold = await coldMeasures(options);
  const client = await start(options);
  const atRest = residentMegabytes(client);
  const [, first] = await timed(() => client.execute("1 + 1"));
  await repeated(39, () => client.execute("1 + 1"));
  const trivial = await repeated(60, () => client.execute("1 + 1"));
  let n = 0;
  const distinct = await repeated(60, () => client.execute(`${++n} + 1`));
  const [, imported] = await timed(() => client.execute('import * as arrow from "apache-arrow"'));
  const [, next] = await timed(() => client.execute("1 + 1"));
  let typed = 0;
  await complete(client, typed);
  const completions = await repeated(30, () => complete(client, ++typed));
  const inspections = await repeated(30, () =>
    client.request("inspect_request", { code: "Math.max", cursor_pos: 8, detail_level: 0 }),
  );
  const memory = residentMegabytes(client);
  await client.stop();
  return {
    ...cold,
    "first cell, ms": first,
    "trivial cell, 41st to 100th, ms, p50": quantile(trivial, 0.5),
    "trivial cell, 41st to 100th, ms, p95": quantile(trivial, 0.95),
    "trivial cells, each another, ms, p50": quantile(distinct, 0.5),
    "trivial cells, each another, ms, p95": quantile(distinct, 0.95),
    "cell that imports apache-arrow, ms": imported,
    "the cell after it, ms": next,
    "completion, ms, p50": quantile(completions, 0.5),
    "completion, ms, p95": quantile(completions, 0.95),
    "inspection, ms, p50": quantile(inspections, 0.5),
    "inspection, ms, p95": quantile(inspections, 0.95),
    "memory after the start, MB": atRest,
    "memory after that, MB": memory,
  };
}

async function coldMeasures(options: StartOptions): Promise<Measures> {
  const starts: number[] = [];
  const completions: number[] = [];
  for (let i = 0; i < 5; i++) {
    const [client, milliseconds] = await timed(() => start(options));
    starts.push(milliseconds);
    completions.push((await timed(() => complete(client, i)))[1]);
    await client.stop();
  }
  return {
    "start to kernel_info, ms, p50 of 5": quantile(starts, 0.5),
    "completion at once after it, ms, p50 of 5": quantile(completions, 0.5),
  };
}

function complete(client: KernelClient, n: number) {
  const code = `const x${n} = Math.ma`;
  return client.request("complete_request", { code, cursor_pos: code.length });
}

/** tslab now and then waits for ever for a message that has come; then it gets another chance. */
async function patiently(run: () => Promise<Measures>): Promise<Measures> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, 120_000, undefined).unref());
    const measures = await Promise.race([run().catch(() => undefined), late]);
    if (measures) return measures;
    for (const client of clients) client.process.kill("SIGKILL");
  }
  return {};
}

/** What only ours can be asked. */
async function own(): Promise<Measures> {
  const client = await start({});
  const [flood, printing] = await timed(() =>
    client.execute("for (let i = 0; i < 50_000; i++) console.log('line', i)"),
  );
  const lines = flood.outputs.map(({ content }) => String(content.text ?? "").split("\n").length - 1);
  const roundTrips = await commRoundTrips(client);
  const interrupts: number[] = [];
  for (const code of ["while (true) {}", "await new Promise(() => {})", "await 1; while (true) {}"]) {
    const running = client.execute(code);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const [, milliseconds] = await timed(() => Promise.all([client.interrupt(), running]));
    interrupts.push(milliseconds);
  }
  const growth = await growthPerCell(client);
  const [, saelab] = await timed(() => client.execute('import * as saelab from "saelab"'));
  await client.stop();
  return {
    "cell that imports saelab, ms": saelab,
    "50,000 printed lines, ms": printing,
    "lines that arrived": lines.reduce((sum, count) => sum + count, 0),
    "comm round trip while a cell awaits, ms, p50": quantile(roundTrips, 0.5),
    "interrupt of a loop, ms": interrupts[0],
    "interrupt of an await, ms": interrupts[1],
    "interrupt of a loop after an await, ms": interrupts[2],
    "growth per declaring cell, of 1,000, MB": growth,
  };
}

async function commRoundTrips(client: KernelClient): Promise<number[]> {
  await client.execute(
    'const echo = globalThis[Symbol.for("Jupyter.comms")].open("echo"); echo.onMessage(({ data }) => echo.send(data))',
  );
  const { content } = await client.until((message) => message.content.target_name === "echo");
  const waiting = client.execute("await new Promise((resolve) => setTimeout(resolve, 1500))");
  const times: number[] = [];
  for (let n = 0; n < 100; n++) {
    const from = client.published.length;
    const [, milliseconds] = await timed(async () => {
      client.send("comm_msg", { comm_id: content.comm_id, data: { n } });
      await client.until((message) => message.header.msg_type === "comm_msg", from);
    });
    times.push(milliseconds);
  }
  await waiting;
  return times;
}

/** Every cell declares a function and a class of its own, and its types are checked. */
async function growthPerCell(client: KernelClient): Promise<number> {
  const cell = (i: number) =>
    `function f${i}(x: number) { return x + ${i} }\nclass A${i} { y = f${i}(1) }\nnew A${i}().y`;
  for (let i = 0; i < 100; i++) await client.execute(cell(i));
  const before = residentMegabytes(client);
  for (let i = 100; i < 1100; i++) await client.execute(cell(i));
  return (residentMegabytes(client) - before) / 1000;
}

async function start(options: StartOptions): Promise<KernelClient> {
  const client = await KernelClient.start({ ...options, patience: 20_000 });
  clients.add(client);
  return client;
}

async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const value = await run();
  return [value, performance.now() - start];
}

async function repeated(times: number, run: () => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < times; i++) all.push((await timed(run))[1]);
  return all;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** Resident memory of the kernel's process (Linux). */
function residentMegabytes(client: KernelClient): number {
  const status = readFileSync(`/proc/${client.process.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + (times.user + times.nice + times.sys + times.irq) / 1000, 0);
}
