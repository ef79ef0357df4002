/** The Jupyter project's own suite, and nbclient, against the kernel as the installer puts it in place. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtKernel, root } from "./kernel-client.js";

const python = process.env.SAELAB_PYTHON ?? join(root, ".venv", "bin", "python");
const ready =
  existsSync(python) && spawnSync(python, ["-c", "import jupyter_kernel_test, nbclient"]).status === 0;
const prefix = mkdtempSync(join(tmpdir(), "saelab-prefix-"));

function runPython(args: readonly string[]) {
  const env = { ...process.env, JUPYTER_PATH: join(prefix, "share", "jupyter") };
  return spawnSync(python, args, { encoding: "utf8", env, cwd: root });
}

describe.skipIf(!ready)(
  "the installed kernel (needs jupyter_kernel_test and nbclient in SAELAB_PYTHON)",
  () => {
    beforeAll(() => {
      const installer = join(builtKernel(), "..", "install.js");
      spawnSync(process.execPath, [installer, "install", "--prefix", prefix]);
    });
    afterAll(() => rmSync(prefix, { recursive: true, force: true }));

    it("passes jupyter_kernel_test", () => {
      const { status, stderr } = runPython([join(import.meta.dirname, "conformance.py")]);
      expect(stderr).toMatch(/Ran 13 tests/);
      expect(stderr).toMatch(/OK\s*$/);
      expect(status).toBe(0);
    }, 120_000);

    it("runs a notebook through nbclient, and keeps widget state", () => {
      const { status, stdout, stderr } = runPython([join(import.meta.dirname, "notebook.py")]);
      expect(stderr.replace(/.*Warning[\s\S]*/i, "")).toBe("");
      expect(JSON.parse(stdout)).toEqual({
        outputs: [["stream"], ["execute_result"], ["error"]],
        widgets: ["LayoutModel", "TestModel"],
      });
      expect(status).toBe(0);
    }, 60_000);
  },
);
