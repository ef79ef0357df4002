import { CalledThread } from "../called-thread.js";
import { FileError } from "../errors.js";

/** After so long without a call the thread ends: it has a vocabulary of its own in memory. */
const idleMs = 10_000;

/** What the thread is told when it starts. */
export interface TokenizerFiles {
  readonly folder: string;
  /** SHA-256 (hex) of `tokenizer.json`: ids must be those of the tokenizer that was loaded. */
  readonly hash: string;
}

/** A tokenizer on a thread of its own, which starts with the first call. */
export class TokenizerThread {
  readonly #files: TokenizerFiles;
  #thread: CalledThread<{ text: string }> | undefined;
  #end: NodeJS.Timeout | undefined;

  constructor(files: TokenizerFiles) {
    this.#files = files;
  }

  /** @throws {FileError} If the tokenizer's file is not what it was. */
  async encode(text: string): Promise<Int32Array> {
    clearTimeout(this.#end);
    const thread = this.#thread ?? this.#start();
    try {
      return (await thread.call({ text })) as Int32Array;
    } catch (cause) {
      const { folder } = this.#files;
      const reason = (cause as Error).message;
      throw new FileError(`Cannot encode text with the tokenizer in "${folder}": ${reason}`, folder, {
        cause,
      });
    } finally {
      if (thread.waiting === 0) this.#end = setTimeout(() => void thread.close(), idleMs).unref();
    }
  }

  #start(): CalledThread<{ text: string }> {
    const thread = new CalledThread<{ text: string }>(new URL("./tokenizer-worker.js", import.meta.url), {
      data: this.#files,
      onEnd: () => {
        if (this.#thread === thread) this.#thread = undefined;
      },
    });
    this.#thread = thread;
    return thread;
  }
}
