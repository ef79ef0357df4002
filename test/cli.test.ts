/** The command line, as a user types it: the compiled program in a process of its own. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generateDocuments } from "../demo/world/index.js";

const cli = join(import.meta.dirname, "..", "dist", "src", "cli.js");
const notBuilt = existsSync(cli) ? "" : " (needs the compiled library: npm run build)";

function saelab(args: readonly string[], cwd = mkdtempSync(join(tmpdir(), "saelab-cli-"))) {
  const { ANTHROPIC_API_KEY: _, ...env } = process.env;
  const result = spawnSync(process.execPath, [cli, ...args], {
    cwd,
    encoding: "utf8",
    env: { ...env, SAELAB_CACHE: join(cwd, "cache") },
  });
  return { ...result, cwd };
}

describe.skipIf(notBuilt)(`saelab on the command line${notBuilt}`, () => {
  it("prints its help, and fails for a command that it does not know", () => {
    expect(saelab(["--help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("saelab demo") });
    expect(saelab(["explode"])).toMatchObject({ status: 2, stdout: expect.stringContaining("saelab demo") });
  });

  it.skipIf(process.platform === "win32")("can be run by npx", () => {
    expect(statSync(cli).mode & 0o111).not.toBe(0);
  });

  it("run does the whole line on a file of texts, and does it again from what it kept", () => {
    const cwd = mkdtempSync(join(tmpdir(), "saelab-cli-"));
    const documents = [...generateDocuments({ seed: "command line", count: 400 })];
    const lines = documents.map(({ text }) => JSON.stringify({ text }));
    writeFileSync(join(cwd, "texts.jsonl"), lines.join("\n"));
    const args = [
      "run",
      "--corpus",
      "texts.jsonl",
      "--latents",
      "3",
      "--coder",
      "demo/layers.0",
      "--out",
      "out",
    ];
    const first = saelab(args, cwd);
    expect(first.stderr).toBe("");
    expect(first.status).toBe(0);
    expect(first.stdout).toMatch(/^latent\s+density\s+detection\s+fuzzing\s+explanation\n/);
    expect(first.stdout).toContain("Explanations by pattern (embedded)");
    const page = readFileSync(join(cwd, "out", "report.html"), "utf8");
    expect(page).toContain("<!doctype html>");
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(saelab(args, cwd).stdout).toBe(first.stdout);
  }, 120_000);

  it("plan says what a run would cost for every model, with no key", () => {
    const args = ["plan", "--llm", "claude", "--preset", "economy", "--batch", "--latents", "4"];
    const { status, stdout, stderr } = saelab([...args, "--tokens", "60000"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Plan for 4 latents\n/);
    expect(stdout).toMatch(/^detection +claude-haiku-5-5 +\d+ +[\d,]+ +[\d,]+ +[\d,]+$/m);
    expect(stdout).toMatch(/^claude-opus-5-5 +\$[\d.]+ +\$[\d.]+ +\$[\d.]+ +\$[\d.]+$/m);
  }, 120_000);

  it("doctor prints a model's hookpoints, and what each reading of a coder explains", () => {
    const model = saelab(["doctor", "model", "demo"]);
    expect(model).toMatchObject({ status: 0, stderr: "" });
    expect(model.stdout).toMatch(/^layers\.2\.mlp\.neurons\s+\[context, position, \d+\]/m);
    const coder = saelab(["doctor", "coder", "demo/layers.2"]);
    expect(coder).toMatchObject({ status: 0, stderr: "" });
    expect(coder.stdout).toMatch(/^\*\s+\d+\.\d %\s+\d+\.\d\s+as declared$/m);
    expect(saelab(["doctor", "everything"])).toMatchObject({
      status: 1,
      stderr: "Cannot tell what to look at: give model PATH, coder PATH or llm URL\n",
    });
  });

  it.each([
    [["run", "--latents", "many"], 'Cannot read --latents "many": give a whole number'],
    [["run", "--corpus", "nowhere.txt"], "nowhere.txt"],
    [["run", "--model", "nowhere"], "nowhere"],
    [["run", "--coder", "demo/layers.9"], "demo/layers.9"],
    [["run", "--llm", "claude", "--tokens", "3000"], "ANTHROPIC_API_KEY"],
    [["run", "--batch"], 'Cannot send calls to "pattern" in batches'],
    [["plan", "--preset", "lavish"], 'Cannot find the preset "lavish"'],
    [["run", "--color", "red"], "--color"],
  ])("%j fails with one sentence that names it", (args, text) => {
    const { status, stderr } = saelab(args);
    expect(status).toBe(1);
    expect(stderr).toContain(text);
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("install, doctor and uninstall work on a prefix", () => {
    const cwd = mkdtempSync(join(tmpdir(), "saelab-cli-"));
    const kernel = join(cwd, "share", "jupyter", "kernels", "saelab", "kernel.json");
    const extension = join(cwd, "share", "jupyter", "labextensions", "@saelab", "widgets", "package.json");
    expect(saelab(["install", "--prefix", cwd]).status).toBe(0);
    expect(JSON.parse(readFileSync(kernel, "utf8"))).toMatchObject({ language: "typescript" });
    expect(existsSync(extension)).toBe(true);
    expect(saelab(["doctor", "--prefix", cwd]).stdout).toMatch(/node/i);
    expect(saelab(["uninstall", "--prefix", cwd]).status).toBe(0);
    expect(existsSync(kernel) || existsSync(extension)).toBe(false);
  });
});
