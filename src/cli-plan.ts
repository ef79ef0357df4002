/** `saelab plan`: what `saelab run` with the same options would ask, cost and take. Needs no key. */
import { plannedModel, readLine } from "./cli-line.js";
import { plan } from "./run/plan.js";
import { planText } from "./run/plan-display.js";

export async function planCommand(args: readonly string[]): Promise<void> {
  const line = readLine(args, plannedModel);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("Stopped")));
  const { signal } = stop;
  const { cache, latents, examples, close } = await line.open(signal);
  const planned = await plan(cache, latents, { ...line.how, examples, signal });
  await close();
  process.stdout.write(`${planText(planned)}\n`);
}
