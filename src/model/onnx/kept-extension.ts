import type { ExtendedModel, GraphTail } from "../subject-model.js";

interface Extension {
  readonly tails: readonly GraphTail[];
  readonly opened: Promise<ExtendedModel>;
  users: number;
}

/**
 * Keeps the last extension of a model open when its user closes it, since preparing one takes seconds: who asks
 * for the same tails again gets it at once. Another takes its place, so there is never more than one that nobody uses.
 */
export class KeptExtension {
  readonly #open: (tails: readonly GraphTail[]) => Promise<ExtendedModel>;
  #last: Extension | undefined;

  constructor(open: (tails: readonly GraphTail[]) => Promise<ExtendedModel>) {
    this.#open = open;
  }

  async of(tails: readonly GraphTail[]): Promise<ExtendedModel> {
    const last = this.#last;
    const isSame = last?.tails.length === tails.length && last.tails.every((tail, i) => tail === tails[i]);
    const extension = isSame ? last : this.#replace(tails);
    extension.users++;
    let isUsed = true;
    const close = async () => {
      if (!isUsed) return;
      isUsed = false;
      extension.users--;
      if (extension !== this.#last) await closeUnused(extension);
    };
    try {
      return { ...(await extension.opened), close };
    } catch (error) {
      // One that could not be opened must not be remembered.
      if (extension === this.#last) this.#last = undefined;
      throw error;
    }
  }

  /** Closes it, also while it is used. */
  async close(): Promise<void> {
    const last = this.#last;
    this.#last = undefined;
    await (await last?.opened)?.close();
  }

  #replace(tails: readonly GraphTail[]): Extension {
    const before = this.#last;
    // First, so that two are not in memory.
    const opened = closeUnused(before).then(() => this.#open(tails));
    this.#last = { tails, opened, users: 0 };
    return this.#last;
  }
}

async function closeUnused(extension: Extension | undefined): Promise<void> {
  if (extension?.users === 0) await (await extension.opened).close();
}
