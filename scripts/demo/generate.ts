/**
 * Writes documents of the demo world as JSON Lines, one `{ text, register, spans }` per line.
 *
 *     npx tsx scripts/demo/generate.ts --seed train --count 1000 --out .cache/demo/train.jsonl
 */
import { createWriteStream } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { generateDocuments } from "../../demo/world/index.js";

const { values } = parseArgs({
  options: { seed: { type: "string" }, count: { type: "string" }, out: { type: "string" } },
});
const { seed, count, out } = values;
if (seed === undefined || count === undefined || out === undefined) {
  throw new TypeError("Cannot generate documents: give --seed, --count and --out");
}

function* lines(): Generator<string> {
  for (const document of generateDocuments({ seed: seed ?? "", count: Number(count) })) {
    yield `${JSON.stringify(document)}\n`;
  }
}

await mkdir(dirname(out), { recursive: true });
await pipeline(Readable.from(lines()), createWriteStream(`${out}.tmp`));
await rename(`${out}.tmp`, out);
