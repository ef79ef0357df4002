import { currentContext } from "./cell-context.js";
import type { Header, Json, MimeBundle } from "./messages.js";
import { normalizedBundle } from "./mime-bundle.js";
import type { ToIo } from "./thread-messages.js";

/** Where the library finds `publishDisplay` without importing the kernel. */
export const publishSymbol = Symbol.for("Jupyter.display.publish");

/** Options of an iopub message. */
export interface PublishOptions {
  readonly metadata?: Json;
  readonly buffers?: readonly Uint8Array[];
  /** The message that this one answers; by default the cell that the running code belongs to. */
  readonly parent?: Header | undefined;
}

/** Options of a display. */
export interface DisplayPublishOptions {
  readonly metadata?: Json;
  readonly transient?: { readonly display_id?: string };
  /** Whether to replace the display of that id instead of adding one. */
  readonly update?: boolean;
  /** The message that this one answers; by default the cell that the running code belongs to. */
  readonly parent?: Header | undefined;
}

/** Publishes on iopub for the code that runs on the main thread. */
export class Publisher {
  readonly #toIo: (message: ToIo) => void;

  constructor(toIo: (message: ToIo) => void) {
    this.#toIo = toIo;
  }

  /** Publishes any message. */
  publish(msgType: string, content: Json, options: PublishOptions = {}): void {
    const parent = "parent" in options ? options.parent : currentContext().parent;
    const { metadata, buffers } = options;
    this.#toIo({
      type: "publish",
      msgType,
      content,
      ...(parent && { parent }),
      ...(metadata && { metadata }),
      ...(buffers && { buffers: buffers.map((buffer) => asPlainBytes(buffer)) }),
    });
  }

  /** Publishes `display_data`, or `update_display_data` with `update`. */
  display(bundle: MimeBundle, { metadata, transient, update, ...rest }: DisplayPublishOptions = {}): void {
    const content = { data: normalizedBundle(bundle), metadata: metadata ?? {}, transient: transient ?? {} };
    this.publish(update ? "update_display_data" : "display_data", toJson(content), rest);
  }
}

/** What JSON cannot say must fail here, where the caller is, and not in the other thread. */
export function toJson(content: Json): Json {
  return JSON.parse(JSON.stringify(content)) as Json;
}

/** A view without the surroundings of a pooled or larger buffer, which would be copied along. */
function asPlainBytes(buffer: Uint8Array): Uint8Array {
  const whole = buffer.byteLength === buffer.buffer.byteLength && buffer.constructor === Uint8Array;
  return whole ? buffer : Uint8Array.from(buffer);
}
