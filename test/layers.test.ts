import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

/** Upstream first. A module imports from its own layer or an earlier one, never from a later one. */
const layers = [
  [
    "tensor",
    "random",
    "errors",
    "display",
    "latent",
    "progress",
    "package-root",
    "atomic-file",
    "called-thread",
    "slices",
    "html",
    "settings",
    "text-table",
    "stats",
  ],
  ["formats"],
  ["corpus", "model", "sparse"],
  ["cache"],
  ["examples"],
  ["llm"],
  ["explain", "score", "intervene"],
  ["run"],
  ["report"],
  ["paper"],
  ["index", "cli", "cli-run", "cli-line", "cli-plan", "cli-doctor", "cli-ledger"],
];

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (["node_modules", "dist", "labextension"].includes(name)) return [];
    if (statSync(path).isDirectory()) return filesIn(path);
    return /\.(ts|tsx|mts|js)$/.test(name) ? [path] : [];
  });
}

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

/** Import and export-from statements of a file, with relative ones resolved to a path below the root. */
function importsOf(file: string): Import[] {
  const source = readFileSync(file, "utf8");
  const statements = source.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s+["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/gms,
  );
  return [...statements].map(([, type, statically, dynamically]) => {
    const target = statically ?? dynamically ?? "";
    const to = target.startsWith(".") ? relative(root, normalize(join(dirname(file), target))) : target;
    return { from: relative(root, file), to: to.replace(/\.js$/, ".ts"), typeOnly: type !== undefined };
  });
}

function layerOf(path: string): number {
  const [, name] = /^src\/([\w-]+)/.exec(path) ?? [];
  return layers.findIndex((layer) => layer.includes(name ?? ""));
}

const library = filesIn(join(root, "src")).flatMap(importsOf);

describe("layers of src/", () => {
  it("gives every module a place", () => {
    const homeless = filesIn(join(root, "src"))
      .map((file) => relative(root, file))
      .filter((file) => layerOf(file) < 0);
    expect(homeless).toEqual([]);
  });

  it("lets data flow one way: no module imports from a later layer", () => {
    const upward = library.filter(({ from, to }) => to.startsWith("src/") && layerOf(to) > layerOf(from));
    expect(upward).toEqual([]);
  });

  it("has no import cycles between files at run time", () => {
    expect(cyclesIn(library.filter(({ typeOnly }) => !typeOnly))).toEqual([]);
  });

  it("never imports the kernel or the widgets, and uses onnxruntime-node on a thread and in a process of its own only", () => {
    expect(library.filter(({ to }) => /^(kernel|widgets)\/|^@saelab\//.test(to))).toEqual([]);
    const users = library.filter(({ to, typeOnly }) => to === "onnxruntime-node" && !typeOnly);
    expect(users.map(({ from }) => from)).toEqual([
      "src/model/onnx/provider-child.js",
      "src/model/onnx/session-worker.js",
    ]);
  });

  it("draws randomness from seeded generators only", () => {
    const offenders = [...filesIn(join(root, "src")), ...filesIn(join(root, "demo"))].filter((file) =>
      /Math\.random\(/.test(readFileSync(file, "utf8")),
    );
    expect(offenders).toEqual([]);
  });
});

describe("layers of kernel/ and widgets/", () => {
  it("kernel/ imports nothing of src/ or widgets/", () => {
    const imports = filesIn(join(root, "kernel", "src")).flatMap(importsOf);
    expect(imports.filter(({ to }) => /^(src|widgets)\/|^saelab/.test(to))).toEqual([]);
  });

  it("widgets/ imports only types from src/, and nothing of kernel/", () => {
    const imports = filesIn(join(root, "widgets", "src")).flatMap(importsOf);
    const bad = imports.filter(
      ({ to, typeOnly }) => /^kernel\//.test(to) || (/^src\//.test(to) && !typeOnly),
    );
    expect(bad).toEqual([]);
  });
});

function cyclesIn(imports: Import[]): string[][] {
  const graph = new Map<string, Import[]>();
  for (const edge of imports) graph.set(edge.from, [...(graph.get(edge.from) ?? []), edge]);
  const done = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file]);
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of graph.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}
