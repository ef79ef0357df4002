import { pattern } from "../../src/llm/pattern/pattern-model.js";
import type { TextModel } from "../../src/llm/text-model.js";

/** The pattern model, with its calls counted and a fault where `fault` gives one; calls are counted from 1. */
export function counted(fault: (call: number) => Error | undefined = () => undefined) {
  const inner = pattern();
  const counter = { calls: 0 };
  const llm: TextModel = {
    name: "counted",
    complete(request, options) {
      const error = fault(++counter.calls);
      return error ? Promise.reject(error) : inner.complete(request, options);
    },
  };
  return { llm, counter };
}
