/** `saelab ledger`: what the calls of a ledger came to and cost, and the ledger as a table for other tools. */
import { parseArgs } from "node:util";
import { exportLedger } from "./llm/export-ledger.js";
import { ledgerSummary } from "./llm/ledger-summary.js";

const options = { export: { type: "string" } } as const;

export async function ledgerCommand(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [place] = positionals;
  if (place === undefined || positionals.length > 1) {
    throw new SyntaxError("Cannot tell which ledger to read: give one file or folder");
  }
  process.stdout.write(`${ledgerSummary(place).text}\n`);
  if (values.export === undefined) return;
  await exportLedger(place, values.export);
  process.stdout.write(`written: ${values.export}\n`);
}
