/**
 * Asks until a reply can no longer be written, twice over; then makes room and goes on: `full-disk.ts FOLDER`. Prints
 * the two errors, how many calls were made and how many of their replies are in the ledger.
 */
import { spawnSync } from "node:child_process";
import { openLedgerFile } from "../../src/llm/ledger.js";
import { withLedger } from "../../src/llm/with-ledger.js";

const folder = process.argv[2] as string;
const usage = { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0 };
let calls = 0;
const complete = async () => ({ text: `${++calls}`.padEnd(20_000), stop: "end" as const, model: "m", usage });
const llm = withLedger({ name: "m", complete }, folder);
const asked = (i: number) =>
  llm.complete({ system: "s", messages: [{ role: "user", content: `${i}` }], maxTokens: 10 });

const errors: string[] = [];
for (let i = 0; errors.length === 0; i++) await asked(i).catch((error: Error) => errors.push(error.message));
await asked(-1).catch((error: Error) => errors.push(error.message));
// The limit on the size of a file, of this process.
spawnSync("prlimit", [`--pid=${process.pid}`, "--fsize=unlimited"]);
const last = calls;
for (let i = 0; i < last; i++) await asked(i);
const [kept] = openLedgerFile(folder).row("SELECT count(*) FROM call WHERE reply IS NOT NULL") ?? [];
process.stdout.write(JSON.stringify({ error: errors[0], again: errors[1], calls, kept }));
