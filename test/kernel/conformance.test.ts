/** The Jupyter project's own suite, against the kernel as the installer puts it in place. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type InstalledKernel, installForTests, missingModules } from "./installed-kernel.js";

const missing = missingModules("jupyter_kernel_test");

describe.skipIf(missing)(`the installed kernel${missing}`, () => {
  let installed: InstalledKernel;
  beforeAll(() => {
    installed = installForTests();
  });
  afterAll(() => installed.remove());

  it("passes jupyter_kernel_test", () => {
    const { status, stderr } = installed.python([join(import.meta.dirname, "conformance.py")]);
    expect(stderr).toMatch(/Ran 13 tests/);
    expect(stderr).toMatch(/OK\s*$/);
    expect(status).toBe(0);
  }, 300_000);
});
