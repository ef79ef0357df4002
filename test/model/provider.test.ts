import { describe, expect, it, vi } from "vitest";
import { loadModel } from "../../src/model/load-model.js";
import { type Provider, pickProvider, probeProviders } from "../../src/model/onnx/provider.js";
import { tensor } from "../../src/tensor.js";

describe("providers", () => {
  it("are all tried, and those that do not work say why", async () => {
    const found = await probeProviders();
    expect(found.map(({ provider }) => provider)).toEqual(["cuda", "coreml", "dml", "webgpu", "cpu"]);
    expect(found.at(-1)).toEqual({ provider: "cpu", problem: undefined });
    for (const { problem } of found) expect(problem).not.toBe("");
  });

  it("pickProvider() takes the first that works, and refuses one that does not, naming those that do", async () => {
    const found = await probeProviders();
    const works = found.filter(({ problem }) => problem === undefined).map(({ provider }) => provider);
    expect(await pickProvider("auto")).toBe(works[0]);
    expect(await pickProvider("cpu")).toBe("cpu");
    await expect(pickProvider("abacus" as Provider)).rejects.toThrow(
      new RangeError(
        `Cannot compute on "abacus": there is no such provider; choose one that works here (${works.join(", ")}) or "auto"`,
      ),
    );
    for (const { provider, problem } of found) {
      if (problem === undefined) expect(await pickProvider(provider)).toBe(provider);
      else
        await expect(pickProvider(provider)).rejects.toThrow(`Cannot compute on "${provider}": ${problem}`);
    }
  });

  it("one that ends its process ends that alone", async () => {
    vi.resetModules();
    const options = process.env.NODE_OPTIONS;
    process.env.NODE_OPTIONS = "--require ./is-not-there.cjs";
    const fresh = await import("../../src/model/onnx/provider.js");
    const found = await fresh.probeProviders().finally(() => {
      if (options === undefined) delete process.env.NODE_OPTIONS;
      else process.env.NODE_OPTIONS = options;
    });
    for (const { problem } of found) {
      expect(problem).toBe("a process that tried it ended with status 1 and no answer");
    }
  });

  it("a model computes the same on each that works", async () => {
    const tokens = tensor(Int32Array.of(1, 2, 3, 4), [1, 4]);
    const cpu = await loadModel("demo");
    const fastest = await loadModel("demo", { provider: "auto" });
    expect(cpu.provider).toBe("cpu");
    expect(fastest.provider).toBe(await pickProvider("auto"));
    const [a, b] = await Promise.all([cpu, fastest].map((model) => model.logits(tokens)));
    a.data.forEach((value, i) => {
      expect(Math.abs(value - b.data[i])).toBeLessThan(0.01);
    });
    await Promise.all([cpu.close(), fastest.close()]);
  });
});
