import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../src/package-root.js";

describe("packageRoot()", () => {
  it("finds the package from src/, from dist/, and past packages of other names", async () => {
    expect(packageRoot()).toBe(join(import.meta.dirname, ".."));
    const folder = await mkdtemp(join(tmpdir(), "saelab-root-"));
    const dist = join(folder, "dist", "src");
    await mkdir(dist, { recursive: true });
    await writeFile(join(folder, "package.json"), '{ "name": "saelab" }');
    await writeFile(join(folder, "dist", "package.json"), '{ "type": "module" }');
    expect(packageRoot(dist)).toBe(folder);
    await rm(folder, { recursive: true });
  });

  it("says where it looked if there is none", () => {
    expect(() => packageRoot("/")).toThrow('Cannot find the saelab package above "/"');
  });
});
