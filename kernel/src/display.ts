import { randomUUID } from "node:crypto";
import { type CellContext, currentContext } from "./cell-context.js";
import { imageBundle, jsonBundle } from "./display-media.js";
import type { MimeBundle } from "./messages.js";
import { isPromiseLike, mimeBundleOf, type Shown } from "./mime-bundle.js";
import { type ProgressLoop, progressLoop } from "./progress-loop.js";
import type { Publisher } from "./publisher.js";
import { followValues, isValueStream } from "./value-stream.js";

/** Options of `display()`. */
export interface DisplayOptions {
  /** Show `value` as this MIME bundle as it is (`true`: the value is one). */
  readonly raw?: boolean;
  /** Id by which the display can be updated later; random by default. */
  readonly id?: string;
}

/** A display on the screen that can be replaced. */
export class DisplayHandle {
  readonly id: string;
  readonly #publisher: Publisher;
  readonly #cell = currentContext();
  #pending: Promise<void> | undefined;
  #isThere = false;

  constructor(id: string, publisher: Publisher) {
    this.id = id;
    this.#publisher = publisher;
  }

  /**
   * Shows another value in the same place, after those that are still to come.
   *
   * @returns Resolves when it is on the screen.
   */
  update(value: unknown, options: Pick<DisplayOptions, "raw"> = {}): Promise<void> {
    return Promise.resolve(this.show(value, options));
  }

  /** As `update()`, but at once where that can be. */
  show(value: unknown, { raw = false }: Pick<DisplayOptions, "raw"> = {}): Shown<void> {
    const put = () => this.#put(value, raw);
    const shown = this.#pending ? this.#pending.then(put) : put();
    if (isPromiseLike(shown)) this.#pending = shown.catch(() => {});
    return shown;
  }

  #put(value: unknown, raw: boolean): Shown<void> {
    if (raw) return this.#publish(value as MimeBundle);
    if (isValueStream(value)) {
      const show = (view: unknown) => this.#put(view, false);
      return followValues(value, show, { signal: this.#cell.signal });
    }
    const bundle = isPromiseLike(value) ? value.then(mimeBundleOf) : mimeBundleOf(value);
    return isPromiseLike(bundle) ? bundle.then((data) => this.#publish(data)) : this.#publish(bundle);
  }

  #publish(bundle: MimeBundle): void {
    const transient = { display_id: this.id };
    this.#publisher.display(bundle, { transient, update: this.#isThere, parent: this.#cell.parent });
    this.#isThere = true;
  }
}

/** Shows a value; its properties show what needs a word about its type. */
export interface Display {
  (value: unknown, options?: DisplayOptions): DisplayHandle;
  readonly html: (text: string, options?: DisplayOptions) => DisplayHandle;
  readonly markdown: (text: string, options?: DisplayOptions) => DisplayHandle;
  readonly latex: (text: string, options?: DisplayOptions) => DisplayHandle;
  readonly svg: (text: string, options?: DisplayOptions) => DisplayHandle;
  readonly json: (value: unknown, options?: DisplayOptions) => DisplayHandle;
  readonly image: (bytes: Uint8Array, options?: DisplayOptions) => DisplayHandle;
  readonly progress: ProgressLoop;
}

/** What of a cell is still to be shown, and what could not be. */
interface Unsettled {
  readonly pending: Set<Promise<void>>;
  readonly failures: unknown[];
}

/** `display`, `clearOutput`: how cells show values. */
export class Displays {
  readonly #publisher: Publisher;
  readonly #unsettled = new WeakMap<CellContext, Unsettled>();

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  /** Shows a value now (a promise: when it is there; an async iterable: as it comes); the handle can replace it. */
  readonly display: Display = Object.assign(
    (value: unknown, { raw = false, id = randomUUID() }: DisplayOptions = {}): DisplayHandle => {
      const handle = new DisplayHandle(id, this.#publisher);
      const shown = handle.show(value, { raw });
      if (isPromiseLike(shown)) this.#track(shown);
      return handle;
    },
    {
      html: (text: string, options?: DisplayOptions) => this.#raw({ "text/html": text }, options),
      markdown: (text: string, options?: DisplayOptions) => this.#raw({ "text/markdown": text }, options),
      latex: (text: string, options?: DisplayOptions) => this.#raw({ "text/latex": text }, options),
      svg: (text: string, options?: DisplayOptions) => this.#raw({ "image/svg+xml": text }, options),
      json: (value: unknown, options?: DisplayOptions) => this.#raw(jsonBundle(value), options),
      image: (bytes: Uint8Array, options?: DisplayOptions) => this.#raw(imageBundle(bytes), options),
      progress: progressLoop(() => new DisplayHandle(randomUUID(), this.#publisher)),
    },
  );

  /** Removes the cell's output; with `wait`, only when the next output comes. */
  readonly clearOutput = ({ wait = false }: { readonly wait?: boolean } = {}): void => {
    this.#publisher.publish("clear_output", { wait });
  };

  /**
   * Resolves when everything that a cell asked for is on the screen.
   *
   * @throws The first error of what could not be shown.
   */
  async settled(cell: CellContext): Promise<void> {
    const unsettled = this.#unsettled.get(cell);
    if (!unsettled) return;
    while (unsettled.pending.size > 0) await Promise.all(unsettled.pending);
    this.#unsettled.delete(cell);
    if (unsettled.failures.length > 0) throw unsettled.failures[0];
  }

  #raw(bundle: MimeBundle, options?: DisplayOptions): DisplayHandle {
    return this.display(bundle, { ...options, raw: true });
  }

  #track(shown: Promise<void>): void {
    const cell = currentContext();
    const unsettled = this.#unsettled.get(cell) ?? { pending: new Set(), failures: [] };
    this.#unsettled.set(cell, unsettled);
    const tracked = shown
      .catch((error: unknown) => {
        // Nobody waits for a display that a timer made when its cell had ended: the error goes uncaught.
        if (this.#unsettled.get(cell) !== unsettled) throw error;
        unsettled.failures.push(error);
      })
      .finally(() => unsettled.pending.delete(tracked));
    unsettled.pending.add(tracked);
  }
}
