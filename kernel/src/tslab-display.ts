/** The API of the `tslab` module, so that notebooks written for tslab run: `tslab.display.html("<b>…</b>")`. */
import { randomUUID } from "node:crypto";
import type { MimeBundle } from "./messages.js";
import { type DisplayPublishOptions, publishSymbol } from "./publisher.js";

type Publish = (bundle: MimeBundle, options?: DisplayPublishOptions) => void;

/** Shows values by MIME type; each call of the top-level `display` adds an output. */
export interface Display {
  readonly javascript: (text: string) => void;
  readonly html: (text: string) => void;
  readonly markdown: (text: string) => void;
  readonly latex: (text: string) => void;
  readonly svg: (text: string) => void;
  readonly png: (bytes: Uint8Array) => void;
  readonly jpeg: (bytes: Uint8Array) => void;
  readonly gif: (bytes: Uint8Array) => void;
  readonly pdf: (bytes: Uint8Array) => void;
  readonly text: (text: string) => void;
  readonly raw: (contentType: string, data: string | Uint8Array) => void;
}

/** Adds an output to the cell. */
export const display: Display = makeDisplay((bundle) => publish(bundle));

/** Makes one output that later calls replace. */
export function newDisplay(): Display {
  const transient = { display_id: randomUUID() };
  let shown = false;
  return makeDisplay((bundle) => {
    publish(bundle, { transient, update: shown });
    shown = true;
  });
}

/** Versions, as tslab names them; that of tslab is the one whose API this is. */
export const versions = { tslab: "1.0.22", typescript: "5.9.3", node: process.version };

function publish(bundle: MimeBundle, options?: DisplayPublishOptions): void {
  (globalThis as unknown as Record<symbol, Publish>)[publishSymbol]?.(bundle, options);
}

function makeDisplay(show: (bundle: MimeBundle) => void): Display {
  const as = (type: string) => (data: string | Uint8Array) => show({ [type]: data });
  return {
    javascript: as("text/javascript"),
    html: as("text/html"),
    markdown: as("text/markdown"),
    latex: as("text/latex"),
    svg: as("image/svg+xml"),
    png: as("image/png"),
    jpeg: as("image/jpeg"),
    gif: as("image/gif"),
    pdf: as("application/pdf"),
    text: as("text/plain"),
    raw: (contentType, data) => show({ [contentType]: data }),
  };
}
