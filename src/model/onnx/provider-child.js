// @ts-check
/**
 * A process that runs one graph on one provider: graphics drivers write to the process' own error output, and bad ones end it.
 * JavaScript, so that it can be started where the library is run from its sources.
 */
import { env, InferenceSession, Tensor } from "onnxruntime-node";

/** @import { ProviderTrial, ProviderResult } from "./provider.js" */

env.logLevel = "fatal";

process.once("message", (/** @type {ProviderTrial} */ trial) => {
  numbersOf(trial)
    .then((numbers) => ({ numbers }))
    .catch((error) => ({ error: error instanceof Error ? error.message : String(error) }))
    .then((/** @type {ProviderResult} */ result) => process.send?.(result, () => process.disconnect()));
});

/** @param {ProviderTrial} trial */
async function numbersOf({ provider, model, x, shape }) {
  const session = await InferenceSession.create(model, {
    executionProviders: [provider],
    logSeverityLevel: 3,
  });
  const results = await session.run({ x: new Tensor("float32", x, shape) });
  return session.outputNames.flatMap((name) =>
    [.../** @type {Iterable<any>} */ (results[name].data)].map(Number),
  );
}
