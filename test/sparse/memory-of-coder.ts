/** How many bytes a process grows by when it loads a coder, encodes, and reads a row: a process of its own, for a clean count. */
import { join } from "node:path";
import { packageRoot } from "../../src/package-root.js";
import { loadSparseCoder } from "../../src/sparse/load-sparse-coder.js";
import { tensor } from "../../src/tensor.js";

const ones = (rows: number, width: number) => tensor(new Float32Array(rows * width).fill(1), [rows, width]);
const collect = (globalThis as { gc?: () => void }).gc as () => void;

// The runtime's own share comes with the first session.
const small = await loadSparseCoder(join(packageRoot(), "demo", "saes", "layers.2"));
await small.encode(ones(256, small.dModel));
collect();
const before = process.memoryUsage().rss;
const coder = await loadSparseCoder(process.argv[2] as string);
await coder.encode(ones(256, coder.dModel));
coder.decoderRow(coder.dSae - 1);
collect();
console.log(JSON.stringify({ grown: process.memoryUsage().rss - before }));
process.exit(0);
