import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const tracked = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path && existsSync(join(root, path)));
const pages = tracked.filter((path) => path.endsWith(".md"));
const read = (path: string) => readFileSync(join(root, path), "utf8");

describe("documents", () => {
  it.each(pages)("%s links only to what is there", (page) => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
    const local = links.filter((link) => !/^(https?:|#|mailto:)/.test(link));
    const missing = local.filter((link) => !existsSync(join(root, dirname(page), link.replace(/#.*$/, ""))));
    expect(missing).toEqual([]);
  });

  it("README.md names every folder of the library, and every folder that it names is there", () => {
    const tree = /```\nsrc\/[\s\S]*?```/.exec(read("README.md"))?.[0] ?? "";
    const named = [...tree.matchAll(/^ {2}(\w+)\/ /gm)].map((match) => match[1]);
    const folders = readdirSync(join(root, "src"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect([...named].sort()).toEqual(folders.sort());
  });

  it("README.md shows code that is type-checked: every name it imports is public", async () => {
    const imported = /import \{([^}]+)\} from "saelab"/.exec(read("README.md"))?.[1]?.split(",") ?? [];
    const names = Object.keys(await import("../src/index.js"));
    expect(imported.length).toBeGreaterThan(5);
    expect(imported.map((name) => name.trim()).filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe("the repository", () => {
  it("has no absolute path of a machine in it", () => {
    const texts = tracked.filter((path) => /\.(ts|mjs|py|md|json|yml|txt|ipynb)$|run$/.test(path));
    const home = /(?<![\w.])\/(work|root|home\/\w+|Users\/\w+)\//;
    const offenders = texts.filter((path) => path !== "test/docs.test.ts" && home.test(read(path)));
    expect(offenders).toEqual([]);
  });
});
