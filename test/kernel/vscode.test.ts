import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installKernel } from "../../kernel/src/kernelspec.js";
import { contentsOf, KernelClient, resultOf } from "./kernel-client.js";

/**
 * What VS Code's Jupyter extension does with a kernel that it starts itself: the messages that version
 * 2025.4.1 sent ours, in their order (microsoft/vscode-jupyter: `kernels/raw/`, `kernels/execution/`).
 */
describe("a kernel that VS Code starts", () => {
  let folder: string;
  let client: KernelClient;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "saelab-vscode-"));
    const { kernelspec } = installKernel(folder);
    const { argv } = JSON.parse(readFileSync(join(kernelspec, "kernel.json"), "utf8"));
    client = await KernelClient.start({
      cwd: folder,
      command: argv[0],
      argv: (file) => argv.slice(1).map((part: string) => part.replace("{connection_file}", file)),
    });
    await client.until(({ header }) => header.msg_type === "iopub_welcome");
  }, 60_000);

  afterAll(async () => {
    await client?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("answers requests for its info that do not wait for each other, with the language of VS Code's editor", async () => {
    const asked = Array.from({ length: 4 }, () => client.request("kernel_info_request", {}));
    for (const { content } of await Promise.all(asked)) {
      expect(content).toMatchObject({ status: "ok", language_info: { name: "typescript" } });
    }
  });

  it("runs the cells behind a failed one, which VS Code stops by itself, and asks for input", async () => {
    client.onInput(() => "Ada");
    const sent = { allow_stdin: true, stop_on_error: false };
    const [failed, asked] = await Promise.all([
      client.execute("throw new RangeError('too deep')", sent),
      client.execute("const name = await input('Your name?'); name", sent),
    ]);
    expect(failed.reply).toMatchObject({ status: "error", ename: "RangeError" });
    expect(String(contentsOf(failed, "error")[0]?.traceback)).toContain("cell-1.ts:1:7");
    expect(resultOf(asked)?.["text/plain"]).toBe("'Ada'");
  });

  it("tells a cell what VS Code says of it, so that a library knows who shows what it displays", async () => {
    const cellId = "vscode-notebook-cell:/a.ipynb#W0sZmlsZQ%3D%3D";
    const code = "globalThis[Symbol.for('Jupyter.cell.metadata')]";
    const from = client.published.length;
    client.send("execute_request", { code, silent: false }, { metadata: { cellId } });
    const { content } = await client.until(({ header }) => header.msg_type === "execute_result", from);
    expect((content.data as Record<string, unknown>)["text/plain"]).toContain(cellId);
    expect(resultOf(await client.execute(code))?.["text/plain"]).toBe("{}");
  });

  it("completes what only the run of the cells tells", async () => {
    await client.execute("const held: any = { alphaBeta: 1, alphaGamma: 2 };");
    const code = "held.alph";
    const { content } = await client.request("complete_request", { code, cursor_pos: code.length });
    expect(content.matches).toEqual(["alphaBeta", "alphaGamma"]);
  });

  it("stops at its interrupt and keeps the variables", async () => {
    const running = client.execute("console.log('began'); while (true) {}", { allow_stdin: true });
    await client.until(({ content }) => content.text === "began\n");
    await client.interrupt();
    expect((await running).reply).toMatchObject({ status: "error", ename: "InterruptError" });
    expect(resultOf(await client.execute("name"))?.["text/plain"]).toBe("'Ada'");
  });

  it("ends at its restart, which is SIGTERM without shutdown_request, also in a loop that never waits", async () => {
    const from = client.published.length;
    client.send("execute_request", { code: "console.log('again'); while (true) {}", silent: false });
    await client.until(({ content }) => content.text === "again\n", from);
    const gone = new Promise((resolve) => client.process.once("exit", (_code, signal) => resolve(signal)));
    client.process.kill();
    expect(await gone).toBe("SIGTERM");
  });
});
