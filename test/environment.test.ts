import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const json = (path: string) => JSON.parse(read(path));

/** `name=1.2` or `name>=1.2,<3` lines of environment.yml, as [name, constraint]. */
const conda = new Map(
  [...read("environment.yml").matchAll(/^\s+- ([\w-]+)([=<>].*)$/gm)].map((m) => [m[1], m[2]] as const),
);
const pip = new Map(
  [...read("requirements.txt").matchAll(/^([\w-]+)==(\S+)$/gm)].map(
    (m) => [m[1]?.replaceAll("-", "_"), m[2]] as const,
  ),
);

describe("environment.yml", () => {
  it("pins the same Python packages as requirements.txt", () => {
    const shared = [...conda].filter(([name]) => !["nodejs", "python"].includes(name ?? ""));
    expect(shared.map(([name, version]) => [name, version?.replace("=", "")])).toEqual([...pip]);
  });

  it("asks for the Node that package.json and every workspace ask for", () => {
    const floor = json("package.json").engines.node;
    expect(conda.get("nodejs")?.startsWith(floor)).toBe(true);
    expect(json("kernel/package.json").engines.node).toBe(floor);
  });
});

describe("package-lock.json", () => {
  const lock = json("package-lock.json");

  it.each(["", "kernel", "widgets"])("agrees with package.json of '%s'", (folder) => {
    const manifest = json(join(folder, "package.json"));
    const { dependencies, devDependencies, version } = lock.packages[folder];
    expect({ dependencies, devDependencies, version }).toEqual({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
      version: manifest.version,
    });
  });

  it("names no download addresses, so that any registry serves", () => {
    const resolved = Object.values<{ resolved?: string; link?: boolean }>(lock.packages).filter(
      (entry) => entry.resolved && !entry.link,
    );
    expect(resolved).toEqual([]);
  });
});
