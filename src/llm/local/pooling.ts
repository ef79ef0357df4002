import { join } from "node:path";
import { FileError } from "../../errors.js";
import { readJsonFile } from "../../formats/json-file.js";
import type { Tensor } from "../../tensor.js";

/** How the vectors of a text's tokens become one: their mean, or that of the first or the last token. */
export type Pooling = "mean" | "first" | "last";

const names: Readonly<Record<string, Pooling>> = {
  pooling_mode_mean_tokens: "mean",
  pooling_mode_cls_token: "first",
  pooling_mode_lasttoken: "last",
};

/**
 * What `1_Pooling/config.json` of sentence-transformers says, and `mean` where a folder has none.
 *
 * @throws {FileError} If it asks for another kind, or for several.
 */
export async function readPooling(folder: string): Promise<Pooling> {
  const path = join(folder, "1_Pooling", "config.json");
  const config = await readJsonFile(path);
  if (!config) return "mean";
  const asked = Object.keys(config).filter((key) => key.startsWith("pooling_mode_") && config[key] === true);
  const pooling = asked.length === 1 ? names[asked[0]] : undefined;
  if (pooling) return pooling;
  throw new FileError(
    `Cannot pool as "${path}" says: ${asked.join(", ") || "nothing"} is set; one of ${Object.keys(names).join(", ")} is wanted`,
    path,
  );
}

/**
 * One vector per text, not normalised.
 *
 * @param hidden `[text, token, dimensions]`; a text's tokens come first, padding behind them.
 */
export function pool(hidden: Tensor, lengths: readonly number[], pooling: Pooling): Float32Array[] {
  const [, tokens, dimensions] = hidden.shape;
  const vector = (text: number, token: number) => {
    const start = (text * tokens + token) * dimensions;
    return hidden.data.subarray(start, start + dimensions);
  };
  return lengths.map((length, text) => {
    if (pooling !== "mean") return vector(text, pooling === "first" ? 0 : length - 1).slice();
    const sum = new Float32Array(dimensions);
    for (let token = 0; token < length; token++) {
      vector(text, token).forEach((x, i) => {
        sum[i] += x / length;
      });
    }
    return sum;
  });
}
