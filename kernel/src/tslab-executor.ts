/**
 * The engine of tslab (`--engine tslab`): its converter and executor behind our adapter.
 *
 * Kept as a reference for the semantics of cells and for notebooks that depend on them: types are checked before a cell
 * runs, `import` becomes `require`. What is reached into is pinned by version and by test/kernel/tslab.test.ts.
 */
import { createRequire } from "node:module";
import type { ConverterSet, Executor as TslabEngine } from "tslab/dist/executor.js";
import { CellSyntaxError } from "./cell-error.js";
import type { CellSource } from "./cell-stacks.js";
import type { CellOutcome, ErrorReport, Executor } from "./executor.js";
import type { MimeBundle } from "./messages.js";
import type { Publisher } from "./publisher.js";
import { describeError } from "./traceback.js";

const require = createRequire(import.meta.url);

/** What tslab's display API calls. */
type WriteDisplay = (
  content: { data: MimeBundle; transient: { display_id?: string } },
  update: boolean,
) => void;

/** Runs cells as tslab does. */
export class TslabExecutor implements Executor {
  readonly #engine: TslabEngine;
  readonly cells = new Map<string, CellSource>();
  #last = "";
  #values: unknown[] = [];
  #errors: unknown[][] = [];

  constructor(publisher: Publisher) {
    this.#engine = startEngine({
      log: (value?: unknown) => {
        this.#values.push(value);
      },
      error: (...values: unknown[]) => {
        this.#errors.push(values);
      },
    });
    const write: WriteDisplay = ({ data, transient }, update) =>
      publisher.display(data, { transient, update });
    require("tslab/dist/jupyter.js").lastWriteDisplayData = write;
  }

  async run(code: string, name: string): Promise<CellOutcome> {
    this.#last = name;
    this.cells.set(name, { text: code, original: (position) => position });
    this.#values = [];
    this.#errors = [];
    const succeeded = await this.#engine.execute(code);
    if (!succeeded) throw errorOf(this.#errors);
    return { value: this.#values[0], showsResult: this.#values.length > 0 };
  }

  describe(error: unknown): ErrorReport {
    return describeError(error, this.cells, this.#last);
  }
}

function startEngine(output: { log(value?: unknown): void; error(...values: unknown[]): void }): TslabEngine {
  const { createConverter } = require("tslab/dist/converter.js") as typeof import("tslab/dist/converter.js");
  const { createExecutor } = require("tslab/dist/executor.js") as typeof import("tslab/dist/executor.js");
  const node = createConverter();
  const converters: ConverterSet = { node, browser: node, close: () => node.close() };
  return createExecutor(process.cwd(), converters, output);
}

/** tslab prints either what was thrown, or diagnostics as (format, file, line, column, text). */
function errorOf(printed: readonly unknown[][]): unknown {
  const [first] = printed;
  if (first?.length !== 5) return first?.[0];
  const messages = printed.map(([, , line, column, text]) => `${line}:${column} ${text}`);
  return new CellSyntaxError(messages.join("\n"), { line: Number(first[2]), column: Number(first[3]) });
}
