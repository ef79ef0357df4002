import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtKernel, root } from "./kernel-client.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "saelab-install-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function installer(
  args: readonly string[],
  env: Record<string, string> = {},
  entry = join(builtKernel(), "..", "install.js"),
) {
  const bare = { PATH: "/nowhere", HOME: folder, ...env };
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], {
    encoding: "utf8",
    env: bare,
    cwd: folder,
  });
  return { status, stdout, stderr };
}

const specOf = (prefix: string) => join(prefix, "share", "jupyter", "kernels", "saelab", "kernel.json");

describe("install", () => {
  it("puts a kernelspec with absolute paths and logos below a prefix, and takes it away again", () => {
    const prefix = join(folder, "prefix");
    expect(installer(["install", "--prefix", prefix]).status).toBe(0);
    const spec = JSON.parse(readFileSync(specOf(prefix), "utf8"));
    expect(spec).toMatchObject({
      display_name: "TypeScript (saelab)",
      language: "typescript",
      interrupt_mode: "message",
      metadata: { debugger: true },
    });
    expect(spec.argv[0]).toBe(process.execPath);
    expect(spec.argv.at(-2)).toBe(builtKernel());
    expect(spec.argv.at(-1)).toBe("{connection_file}");
    for (const logo of ["logo-svg.svg", "logo-32x32.png", "logo-64x64.png"]) {
      expect(existsSync(join(specOf(prefix), "..", logo))).toBe(true);
    }
    expect(installer(["uninstall", "--prefix", prefix]).stdout).toMatch(/Removed .*kernels.saelab/);
    expect(existsSync(specOf(prefix))).toBe(false);
    expect(installer(["uninstall", "--prefix", prefix]).stdout).toMatch(/Nothing to remove/);
  });

  it("goes to the user's folder by default, and to the active environment with --sys-prefix", () => {
    const data = join(folder, "data");
    installer(["install"], { JUPYTER_DATA_DIR: data });
    expect(existsSync(join(data, "kernels", "saelab", "kernel.json"))).toBe(true);
    const environment = join(folder, "environment");
    installer(["install", "--sys-prefix"], { VIRTUAL_ENV: environment });
    expect(existsSync(specOf(environment))).toBe(true);
  });

  it("says in a sentence what does not fit", () => {
    expect(installer(["install", "--sys-prefix"])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/VIRTUAL_ENV/),
    });
    expect(installer(["install", "--user", "--prefix", "x"])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/choose one of/),
    });
    expect(installer(["instal"])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/saelab install/),
    });
  });

  it("copies a package that npx will throw away", () => {
    const modules = join(folder, "_npx", "abc", "node_modules");
    const own = join(modules, "saelab", "kernel");
    mkdirSync(own, { recursive: true });
    for (const part of ["dist", "kernelspec", "package.json"]) {
      cpSync(join(root, "kernel", part), join(own, part), { recursive: true });
    }
    mkdirSync(join(modules, "left-pad"));
    writeFileSync(join(modules, "left-pad", "index.js"), "");
    symlinkSync(join("..", "left-pad"), join(modules, "saelab", "link"));
    const prefix = join(folder, "npx-prefix");
    const result = installer(["install", "--prefix", prefix], {}, join(own, "dist", "install.js"));
    expect(result).toMatchObject({ status: 0 });
    const { argv } = JSON.parse(readFileSync(specOf(prefix), "utf8")) as { argv: string[] };
    const entry = argv.at(-2) ?? "";
    expect(entry.startsWith(join(specOf(prefix), ".."))).toBe(true);
    rmSync(join(folder, "_npx"), { recursive: true });
    expect(existsSync(entry)).toBe(true);
    expect(existsSync(join(specOf(prefix), "..", "node_modules", "left-pad", "index.js"))).toBe(true);
  });
});

describe("doctor", () => {
  it("names what is missing, and what to do", () => {
    const { status, stdout } = installer(["doctor"], { JUPYTER_DATA_DIR: join(folder, "empty") });
    expect(status).toBe(1);
    expect(stdout).toMatch(/PROBLEM {2}No jupyter command\n +→ pip install jupyterlab/);
    expect(stdout).toMatch(/PROBLEM {2}No kernelspec "saelab"[^\n]*\n +→ npx saelab install/);
    expect(stdout).toMatch(/PROBLEM {2}No JupyterLab extension @jupyter-widgets\/jupyterlab-manager/);
  });

  it("notices a kernelspec that points at nothing", () => {
    const data = join(folder, "broken");
    installer(["install"], { JUPYTER_DATA_DIR: data });
    const path = join(data, "kernels", "saelab", "kernel.json");
    const spec = JSON.parse(readFileSync(path, "utf8"));
    spec.argv[0] = "/gone/node";
    writeFileSync(path, JSON.stringify(spec));
    expect(installer(["doctor"], { JUPYTER_DATA_DIR: data }).stdout).toMatch(
      /names \/gone\/node, which is not there/,
    );
    writeFileSync(path, "{");
    expect(installer(["doctor"], { JUPYTER_DATA_DIR: data }).stdout).toMatch(/Cannot read kernelspec/);
  });
});
