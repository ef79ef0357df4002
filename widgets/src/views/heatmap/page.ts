import { type Column, tableFromIPC } from "@uwdata/flechette";

/** One window, as it is drawn. */
export interface PageWindow {
  /** `null` where the latent does not fire. */
  readonly quantile: number | null;
  readonly split: "train" | "test";
  readonly context: number;
  /** Position of the first token in its context. */
  readonly start: number;
  readonly pieces: readonly string[];
  readonly tokens: Int32Array;
  readonly activations: Float32Array;
  readonly peak: number;
  /** Index of the strongest token; -1 where nothing fires. */
  readonly peakToken: number;
}

/** The windows of a heatmap, decoded one at a time when they come on the screen. */
export interface HeatmapPage {
  readonly length: number;
  window(row: number): PageWindow;
  /** The text before the strongest token and the text from it on; all of it is "from" where nothing fires. */
  parts(row: number): readonly [before: string, from: string];
}

/** Bytes as they arrive: a typed array, a buffer of a widget message, or base64 text of a picture. */
export type PageBytes = Uint8Array | DataView | ArrayBuffer | string;

/**
 * Reads the Arrow stream that `heatmapPage` of the library writes.
 *
 * @throws {TypeError} If a column is missing.
 */
export function readPage(bytes: PageBytes): HeatmapPage {
  const table = tableFromIPC(toBytes(bytes));
  const column = (name: string): Column<never> => {
    const found = table.getChild(name);
    if (!found) throw new TypeError(`Cannot read the heatmap's windows: column "${name}" is missing`);
    return found as Column<never>;
  };
  const [quantile, split, context, start] = ["quantile", "split", "context", "start"].map(column);
  const [text, lengths, tokens, activations] = ["text", "lengths", "tokens", "activations"].map(column);
  const at = (from: Column<never> | undefined, row: number): unknown => from?.at(row);
  return {
    length: table.numRows,
    parts(row) {
      const peakToken = strongest(at(activations, row) as Float32Array);
      const whole = at(text, row) as string;
      const units = at(lengths, row) as Uint16Array;
      let cut = 0;
      for (let i = 0; i < peakToken; i++) cut += units[i] as number;
      return [whole.slice(0, cut), whole.slice(cut)];
    },
    window(row) {
      const values = at(activations, row) as Float32Array;
      const rank = at(quantile, row) as number;
      const peakToken = strongest(values);
      return {
        quantile: rank < 0 ? null : rank,
        split: at(split, row) === 0 ? "train" : "test",
        context: at(context, row) as number,
        start: at(start, row) as number,
        pieces: splitText(at(text, row) as string, at(lengths, row) as Uint16Array),
        tokens: at(tokens, row) as Int32Array,
        activations: values,
        peak: peakToken < 0 ? 0 : (values[peakToken] as number),
        peakToken,
      };
    },
  };
}

function strongest(values: Float32Array): number {
  let best = -1;
  for (let i = 0; i < values.length; i++)
    if ((values[i] as number) > (best < 0 ? 0 : (values[best] as number))) best = i;
  return best;
}

function splitText(text: string, lengths: Uint16Array): string[] {
  let from = 0;
  return Array.from(lengths, (length) => {
    from += length;
    return text.slice(from - length, from);
  });
}

/** A plain loop: `Uint8Array.from` over the characters takes twenty times as long. */
function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function toBytes(bytes: PageBytes): Uint8Array {
  if (typeof bytes === "string") return decodeBase64(bytes);
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  // A copy: Arrow wants its columns aligned, and a frame of a message starts anywhere.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
}
