import { fork } from "node:child_process";
import { graphBuilder } from "./graph-builder.js";

/** What can compute a graph: the processor, or a graphics card through one of ONNX Runtime's providers. */
export type Provider = "cpu" | "cuda" | "coreml" | "dml" | "webgpu";

/** What came of trying a provider. */
export interface ProviderProbe {
  readonly provider: Provider;
  /** Why it cannot be used here; `undefined` if it can. */
  readonly problem: string | undefined;
}

/** What a process is asked that tries a provider. */
export interface ProviderTrial {
  readonly provider: Provider;
  readonly model: Uint8Array;
  /** The graph's only input. */
  readonly x: Float32Array;
  readonly shape: readonly number[];
}

export type ProviderResult = { readonly numbers: number[] } | { readonly error: string };

/** A driver that hangs is given up after a minute. */
const longestTrial = 60_000;

/** The fastest first. */
const candidates: readonly Provider[] = ["cuda", "coreml", "dml", "webgpu", "cpu"];

let probes: Promise<ProviderProbe[]> | undefined;

/** Tries every provider, each in a process of its own, on a small graph with the operators of a sparse encoder; once. */
export function probeProviders(): Promise<ProviderProbe[]> {
  probes ??= Promise.all(
    candidates.map(async (provider) => ({ provider, problem: await problemOf(provider).catch(reasonOf) })),
  );
  return probes;
}

/**
 * The provider to use.
 *
 * @param wanted `auto`: the fastest that works here.
 * @throws {RangeError} If the wanted one does not work here.
 */
export async function pickProvider(wanted: Provider | "auto"): Promise<Provider> {
  if (wanted === "cpu") return wanted;
  const found = await probeProviders();
  const working = found.filter(({ problem }) => problem === undefined).map(({ provider }) => provider);
  if (wanted === "auto") return working[0] ?? "cpu";
  if (working.includes(wanted)) return wanted;
  const problem = found.find(({ provider }) => provider === wanted)?.problem ?? "there is no such provider";
  throw new RangeError(
    `Cannot compute on "${wanted}": ${problem}; choose one that works here (${working.join(", ")}) or "auto"`,
  );
}

/** What is wrong with a provider's results, which are held against those that the graph must have. */
async function problemOf(provider: Provider): Promise<string | undefined> {
  const numbers = await tryProvider({ provider, model: trialGraph(), x: trialInput, shape: [2, 2] });
  const near = numbers.length === wanted.length && wanted.every((n, i) => Math.abs(n - numbers[i]) < 1e-2);
  return near ? undefined : `it computes ${numbers.join(", ")} where ${wanted.join(", ")} is right`;
}

const trialInput = Float32Array.of(1, 2, -3, 1);
const wanted = [3, 2, 2, 1, 2, 1, 3, 1, 3, 2];

function trialGraph(): Uint8Array {
  const builder = graphBuilder();
  const x = builder.input("x", ["position", 2]);
  const w = builder.weight("w", Float32Array.of(1, 0, 0, 1, 1, 1, -1, -1), [4, 2]);
  const [h] = builder.node("Gemm", [x, w], { attributes: { transB: 1 } });
  const k = builder.weight("k", BigInt64Array.of(2n), [1]);
  const [values, latents] = builder.node("TopK", [h, k], { outputs: 2 });
  const largest = builder.reduce("ReduceMax", h, { axis: 1, keep: false });
  return builder.build({ values, latents, largest });
}

/** Runs a graph in a process of its own and gives the numbers of all its outputs. */
function tryProvider(trial: ProviderTrial): Promise<number[]> {
  const child = fork(new URL("./provider-child.js", import.meta.url), {
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    timeout: longestTrial,
  });
  return new Promise((resolve, reject) => {
    child.once("message", (result: ProviderResult) => {
      if ("numbers" in result) resolve(result.numbers);
      else reject(new Error(result.error));
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const end = `a process that tried it ended with ${signal ?? `status ${code}`} and no answer`;
      // An answer may still be on its way.
      const fail = () => reject(new Error(end));
      if (child.connected) child.once("disconnect", fail);
      else fail();
    });
    // To a process that has ended already nothing can be sent: its end tells why.
    child.send(trial, () => {});
  });
}

/** The runtime's own words, without the place in its sources. */
function reasonOf(error: unknown): string {
  const [first] = (error as Error).message.split("\n");
  return first.replace(/^.* was false\. /, "");
}
