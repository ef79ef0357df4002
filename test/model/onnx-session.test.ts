import { execFile } from "node:child_process";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.js";
import { graphBuilder } from "../../src/model/onnx/graph-builder.js";
import { type OnnxSession, openSession } from "../../src/model/onnx/onnx-session.js";
import { packageRoot } from "../../src/package-root.js";
import { tensor } from "../../src/tensor.js";

/** `x · w`, `rounds` times over: 2 · size³ operations each. */
function products(size: number, rounds: number): Uint8Array {
  const builder = graphBuilder();
  let x = builder.input("x", [size, size]);
  const w = builder.weight("w", new Float32Array(size * size).fill(1 / size), [size, size]);
  for (let i = 0; i < rounds; i++) [x] = builder.node("MatMul", [x, w]);
  return builder.build({ y: x });
}

describe("openSession()", () => {
  let session: OnnxSession;
  beforeAll(async () => {
    session = await openSession(products(512, 100), { path: "products" });
  });
  afterAll(() => session.close());

  it("computes while JavaScript goes on", async () => {
    let finished = false;
    const run = session.run({ x: tensor(new Float32Array(512 * 512), [512, 512]) }).then(() => {
      finished = true;
    });
    let turns = 0;
    while (!finished) {
      await setImmediate();
      turns++;
    }
    await run;
    // A run on this thread leaves two or three turns; 27 billion operations elsewhere leave thousands.
    expect(turns).toBeGreaterThan(100);
  });

  it("leaves the caller's arrays as they are, and takes parts of larger ones", async () => {
    const twice = new Float32Array(2 * 512 * 512).fill(1);
    twice.fill(3, 512 * 512);
    const [a, b] = await Promise.all(
      [0, 1].map((i) =>
        session.run({ x: tensor(twice.subarray(i * 512 * 512, (i + 1) * 512 * 512), [512, 512]) }),
      ),
    );
    expect(a.get("y")?.data[0]).toBeCloseTo(1, 4);
    expect(b.get("y")?.data[0]).toBeCloseTo(3, 4);
    expect(twice.length).toBe(2 * 512 * 512);
  });

  it("says which graph cannot be loaded or run, with the runtime's words", async () => {
    const bytes = products(4, 1);
    const bad = openSession(bytes.slice(0, bytes.length / 2), { path: "cut.onnx" });
    await expect(bad).rejects.toThrow(/^Cannot load the graph of "cut\.onnx": .+/);
    const small = await openSession(products(4, 1), { path: "small.onnx" });
    const wrong = small.run({ x: tensor(new Float32Array(4), [2, 2]) });
    await expect(wrong).rejects.toThrow(FileError);
    await expect(wrong).rejects.toThrow(/^Cannot run the graph of "small\.onnx": .+/);
    await small.close();
    await small.close();
    await expect(small.run({ x: tensor(new Float32Array(16), [4, 4]) })).rejects.toThrow("it is closed");
  });

  it("holds no process: one ends by itself with sessions open, and waits for a run that is not", async () => {
    const program = `
      import { loadModel } from "./src/model/load-model.ts";
      const model = await loadModel("demo");
      const run = model.activations({ data: new Int32Array(64), shape: [1, 64] }, ["layers.1"]);
      run.then((found) => console.log(found.get("layers.1").shape.join()));
    `;
    const flags = ["--import", "tsx", "--input-type=module", "-e", program];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: packageRoot() });
    expect(stdout.trim()).toBe("1,64,128");
  });
});
