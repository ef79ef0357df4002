/** Front ends without a page: jupyter_client, nbclient, papermill and `jupyter console`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type InstalledKernel, installForTests, missingModules } from "./installed-kernel.js";

const missing = missingModules("nbclient", "papermill", "jupyter_console", "pexpect");

describe.skipIf(missing)(`the installed kernel${missing}`, () => {
  let installed: InstalledKernel;
  beforeAll(() => {
    installed = installForTests();
  });
  afterAll(() => installed.remove());

  it("runs a notebook through nbclient, and keeps widget state", () => {
    const { status, stdout, stderr } = installed.python([join(import.meta.dirname, "notebook.py")]);
    expect(stderr.replace(/.*Warning[\s\S]*/i, "")).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      outputs: [["stream"], ["execute_result"], ["error"]],
      widgets: ["LayoutModel", "TestModel"],
    });
    expect(status).toBe(0);
  }, 180_000);

  it("talks with libzmq over IPC, and its heart beats while a cell spins", () => {
    const { status, stdout, stderr } = installed.python([join(import.meta.dirname, "ipc.py")]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ transport: "ipc", status: "ok", beating: true });
    expect(status).toBe(0);
  }, 180_000);

  it("answers jupyter console: a value, an interrupt, what is left after it, a question, the end", () => {
    const { status, stdout, stderr } = installed.python([join(import.meta.dirname, "console.py")]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      value: "Out[1]: 42",
      interrupted: expect.stringContaining("InterruptError"),
      after: "Out[3]: 43",
      asked: "Out[4]: 3",
      status: 0,
    });
    expect(status).toBe(0);
  }, 180_000);

  describe("papermill", () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "saelab-papermill-"));
      writeNotebook(join(folder, "in.ipynb"));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const papermill = (...options: readonly string[]) =>
      installed.python(["-m", "papermill", "in.ipynb", "out.ipynb", "--no-progress-bar", ...options], {
        cwd: folder,
      });
    const lastResult = () => {
      const { cells } = JSON.parse(readFileSync(join(folder, "out.ipynb"), "utf8"));
      return cells.at(-1).outputs[0].data["text/plain"].join("");
    };

    it("runs a notebook", () => {
      expect(papermill()).toMatchObject({ status: 0 });
      expect(lastResult()).toBe("'seed 1, demo, false, 0.5'");
    }, 180_000);

    it("passes numbers, texts and booleans in the words of C#, which are TypeScript's too", () => {
      const given = ["-p", "seed", "22", "-p", "model", 'a "quoted" name', "-p", "quick", "true"];
      expect(papermill("--language", ".net-csharp", ...given)).toMatchObject({ status: 0 });
      expect(lastResult()).toBe(`'seed 22, a "quoted" name, true, 0.5'`);
    }, 180_000);

    it("knows no way to pass parameters without that", () => {
      const { status, stderr } = papermill("-p", "seed", "22");
      expect(status).not.toBe(0);
      expect(stderr).toContain("No parameter translator functions specified for kernel 'saelab'");
    }, 180_000);
  });
});

/** A notebook with a cell of parameters, as papermill wants them. */
function writeNotebook(path: string): void {
  const parameters = 'let seed = 1;\nlet model = "demo";\nlet quick = false;\nlet share = 0.5;';
  const cells = [
    { source: parameters, tags: ["parameters"] },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the cell's own
    { source: "`seed ${seed}, ${model}, ${quick}, ${share}`", tags: [] },
  ].map(({ source, tags }, i) => ({
    id: `cell${i}`,
    cell_type: "code",
    execution_count: null,
    metadata: { tags },
    source,
    outputs: [],
  }));
  const kernelspec = { name: "saelab", display_name: "TypeScript (saelab)", language: "typescript" };
  writeFileSync(path, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells }));
}
