/** What stands between the kernel and a page: a real Jupyter server and its websocket. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { installKernel, uninstallKernel } from "../../kernel/src/kernelspec.js";
import { type JupyterServer, noJupyter, startJupyter } from "../browser/jupyter-server.js";
import { builtKernel } from "./kernel-client.js";

interface Wire {
  readonly header: { readonly msg_type: string };
  readonly parent_header: { readonly msg_id?: string };
  readonly content: Record<string, unknown>;
}

describe.skipIf(noJupyter)(`through a Jupyter server${noJupyter}`, () => {
  let folder: string;
  let server: JupyterServer;
  let kernelId: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "saelab-server-"));
    const prepare = async (data: string) => void installKernel(data);
    server = await startJupyter({ directory: folder, prepare });
    const body = JSON.stringify({ name: "saelab" });
    const started = await fetch(`${server.url}api/kernels`, { method: "POST", body });
    kernelId = ((await started.json()) as { id: string }).id;
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens the kernel's channels as the page with this session id. */
  async function open(session: string) {
    const url = `${server.url.replace("http", "ws")}api/kernels/${kernelId}/channels?session_id=${session}`;
    const socket = new WebSocket(url);
    const got: Wire[] = [];
    const wakers: (() => void)[] = [];
    socket.on("message", (data) => {
      got.push(JSON.parse(String(data)) as Wire);
      for (const wake of wakers.splice(0)) wake();
    });
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await new Promise((resolve) => socket.once("open", resolve));
    const until = async (wanted: (message: Wire) => boolean) => {
      while (!got.some(wanted)) await new Promise<void>((resolve) => wakers.push(resolve));
    };
    const send = (type: string, content: object) => {
      const header = {
        msg_id: randomUUID(),
        msg_type: type,
        session,
        username: "",
        version: "5.5",
        date: "",
      };
      socket.send(JSON.stringify({ channel: "shell", header, parent_header: {}, metadata: {}, content }));
      return header.msg_id;
    };
    return { socket, got, until, send, closed };
  }

  it("no output of a running cell is lost while the page is away", async () => {
    const session = randomUUID();
    const before = await open(session);
    const code =
      "for (let i = 0; i < 20; i++) { console.log('line', i); await new Promise((r) => setTimeout(r, 100)) }";
    const id = before.send("execute_request", { code });
    await before.until(({ content }) => String(content.text).includes("line 2"));
    before.socket.close();
    await before.closed;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = await open(session);
    await after.until(
      ({ header, parent_header }) => header.msg_type === "execute_reply" && parent_header.msg_id === id,
    );
    await after.until(
      ({ content, parent_header }) => content.execution_state === "idle" && parent_header.msg_id === id,
    );
    const text = [...before.got, ...after.got]
      .filter(({ header, parent_header }) => header.msg_type === "stream" && parent_header.msg_id === id)
      .map(({ content }) => content.text)
      .join("");
    expect(text).toBe(Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join(""));
    after.socket.close();
    await after.closed;
  }, 60_000);

  it("9 MB arrive, more closes the page's socket, and the kernel goes on", async () => {
    const page = await open(randomUUID());
    const content = { comm_id: "big", target_name: "nobody", data: { text: "x".repeat(9_000_000) } };
    const id = page.send("comm_open", content);
    await page.until(
      ({ header, parent_header }) => header.msg_type === "comm_close" && parent_header.msg_id === id,
    );
    page.send("comm_open", { ...content, data: { text: "x".repeat(12_000_000) } });
    // 1009 is "too big"; a socket that is cut while it still sends may not get to read that.
    expect([1009, 1006]).toContain(await page.closed);
    const next = await open(randomUUID());
    const alive = next.send("execute_request", { code: "1" });
    await next.until(
      ({ header, parent_header }) => header.msg_type === "execute_reply" && parent_header.msg_id === alive,
    );
    next.socket.close();
    await next.closed;
  }, 60_000);

  it("doctor finds the server, and says what to do when it lacks the kernel or is silent", async () => {
    const runtime = join(dirname(server.dataDirectory), "runtime");
    const entry = join(dirname(builtKernel()), "install.js");
    const env = { ...process.env, JUPYTER_RUNTIME_DIR: runtime };
    const doctor = () =>
      new Promise<string>((resolve) =>
        execFile(process.execPath, [entry, "doctor"], { env, cwd: folder }, (_, stdout) => resolve(stdout)),
      );
    const named = `Jupyter server ${server.url} \\(jupyter_server [\\d.]+\\) for ${folder}`;
    expect(await doctor()).toMatch(new RegExp(`^ok {7}${named}$`, "m"));
    const silent = { url: "http://127.0.0.1:1/", pid: process.pid, root_dir: "/gone", token: "" };
    await writeFile(join(runtime, "jpserver-1.json"), JSON.stringify(silent));
    const ended = { ...silent, url: "http://127.0.0.1:2/", pid: 2 ** 30 };
    await writeFile(join(runtime, "jpserver-2.json"), JSON.stringify(ended));
    uninstallKernel(server.dataDirectory);
    const output = await doctor();
    installKernel(server.dataDirectory);
    expect(output).toMatch(new RegExp(`^PROBLEM {2}${named} knows no kernel "saelab"\\n +→ .*--prefix`, "m"));
    expect(output).toMatch(/^PROBLEM {2}.*127.0.0.1:1\/.* does not answer\n +→ Stop that server/m);
    expect(output).not.toContain("127.0.0.1:2/");
  }, 60_000);
});
