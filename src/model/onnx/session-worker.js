// @ts-check
/**
 * The thread on which ONNX Runtime computes: its `run` blocks the thread that calls it. Answers the messages of
 * `session-thread.ts` in their order. JavaScript, so that it can be started where the library is run from its sources.
 */
import { parentPort } from "node:worker_threads";
import { env, InferenceSession, Tensor } from "onnxruntime-node";

/** @import { SessionCall, Values } from "./session-thread.js" */

// What goes wrong is thrown, and shown by who asked.
env.logLevel = "fatal";

/** @type {Map<number, InferenceSession>} */
const sessions = new Map();

parentPort?.on("message", async (/** @type {SessionCall & { id: number }} */ call) => {
  const { id } = call;
  try {
    const value = await answer(call);
    const buffers = "values" in value ? value.values.map(({ data }) => data.buffer) : [];
    parentPort?.postMessage({ id, value }, [...new Set(buffers)]);
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});

/** @param {SessionCall} call */
async function answer(call) {
  if (call.kind === "open") return await open(call);
  const session = sessions.get(call.session);
  if (call.kind === "run") {
    if (!session) throw new Error("it is closed");
    return { values: await run(session, call) };
  }
  sessions.delete(call.session);
  await session?.release();
  return {};
}

/** @param {Extract<SessionCall, { kind: "open" }>} call */
async function open({ session: key, model, options }) {
  const session = await InferenceSession.create(model, options);
  sessions.set(key, session);
  const types = session.outputMetadata.map((value) => (value.isTensor ? value.type : ""));
  return { inputs: session.inputNames, outputs: session.outputNames, types };
}

/**
 * @param {InferenceSession} session
 * @param {Extract<SessionCall, { kind: "run" }>} call
 * @returns {Promise<Values[]>}
 */
async function run(session, { feeds, outputs }) {
  const tensors = feeds.map(({ name, type, data, shape }) => [
    name,
    new Tensor(/** @type {any} */ (type), data, shape),
  ]);
  const results = await session.run(Object.fromEntries(tensors), outputs);
  return Object.entries(results).map(([name, { type, data, dims }]) => {
    return { name, type, data: /** @type {Values["data"]} */ (data), shape: dims };
  });
}
