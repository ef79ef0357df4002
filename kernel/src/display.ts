import { randomUUID } from "node:crypto";
import type { MimeBundle } from "./messages.js";
import { isPromiseLike, mimeBundleOf, normalizedBundle } from "./mime-bundle.js";
import type { Publisher } from "./publisher.js";

/** Options of `display()`. */
export interface DisplayOptions {
  /** Show `value` as this MIME bundle as it is (`true`: the value is one). */
  readonly raw?: boolean;
  /** Id by which the display can be updated later; random by default. */
  readonly displayId?: string;
}

/** A display on the screen that can be replaced. */
export class DisplayHandle {
  readonly id: string;
  readonly #publisher: Publisher;

  constructor(id: string, publisher: Publisher) {
    this.id = id;
    this.#publisher = publisher;
  }

  /** Shows another value in the same place. */
  async update(value: unknown, { raw = false }: DisplayOptions = {}): Promise<void> {
    const bundle = raw ? normalizedBundle(value as MimeBundle) : await mimeBundleOf(value);
    this.#publisher.display(bundle, { transient: { display_id: this.id }, update: true });
  }
}

/** `display`, `clearOutput`: how cells show values. */
export class Displays {
  readonly #publisher: Publisher;
  readonly #pending = new Set<Promise<unknown>>();

  constructor(publisher: Publisher) {
    this.#publisher = publisher;
  }

  /** Shows a value now (a promise: when it is there) and returns a handle to replace it. */
  readonly display = (
    value: unknown,
    { raw = false, displayId }: DisplayOptions = {},
  ): Promise<DisplayHandle> => {
    const handle = new DisplayHandle(displayId ?? randomUUID(), this.#publisher);
    const show = (bundle: MimeBundle) =>
      this.#publisher.display(bundle, { transient: { display_id: handle.id } });
    const shown = this.#bundle(value, raw);
    if (!isPromiseLike(shown)) {
      show(shown);
      return Promise.resolve(handle);
    }
    return this.#track(shown.then(show).then(() => handle));
  };

  /** Removes the cell's output; with `wait`, only when the next output comes. */
  readonly clearOutput = ({ wait = false }: { readonly wait?: boolean } = {}): void => {
    this.#publisher.publish("clear_output", { wait });
  };

  /** Resolves when everything that was asked for is on the screen. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  #bundle(value: unknown, raw: boolean): MimeBundle | Promise<MimeBundle> {
    if (raw) return normalizedBundle(value as MimeBundle);
    if (isPromiseLike(value)) return value.then((resolved) => mimeBundleOf(resolved));
    return mimeBundleOf(value);
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    this.#pending.add(promise);
    void promise.catch(() => {}).finally(() => this.#pending.delete(promise));
    return promise;
  }
}
