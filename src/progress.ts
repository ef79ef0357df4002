/**
 * Progress of long work, and where it is shown: a notebook gets one output that updates in place
 * and ends as a line of text, a terminal gets one line, anything else gets nothing.
 */
import { notebookPublish, notebookSignal } from "./display.js";

export interface Progress {
  /** What is being done, e.g. `cache layers.2`. */
  readonly stage: string;
  readonly done: number;
  /** `undefined` where the end is not known. */
  readonly total: number | undefined;
  /** What `done` counts, e.g. `tokens`. */
  readonly unit: string;
  /** Units per second since the stage began. */
  readonly rate: number;
  /** Seconds to go, or `undefined` where the end is not known. */
  readonly etaSeconds: number | undefined;
  /** What else is to be known at this point, in a few words. */
  readonly note?: string | undefined;
}

export interface LongCallOptions {
  /** Stops the work at the next safe point; what is done is kept. Default: the notebook cell's interrupt. */
  signal?: AbortSignal | undefined;
  /** Called as work goes on. Default: shows itself in a notebook or a terminal; `false` shows nothing. */
  onProgress?: ((progress: Progress) => void) | false | undefined;
}

export interface ProgressMeter {
  /** Reports that `done` units are done. Cheap: it is passed on ten times a second at most. */
  report(done: number, note?: string): void;
  /** Reports the last state and ends the line. */
  end(done: number, note?: string): void;
}

/** A meter for one stage, which reports to `onProgress` or to the place that the code runs in. */
export function progressMeter(
  stage: string,
  unit: string,
  total: number | undefined,
  onProgress: LongCallOptions["onProgress"],
): ProgressMeter {
  const show = onProgress === false ? undefined : (onProgress ?? defaultShow(stage));
  const start = performance.now();
  let last = Number.NEGATIVE_INFINITY;
  const state = (done: number, note: string | undefined): Progress => {
    const seconds = (performance.now() - start) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    const etaSeconds = total !== undefined && rate > 0 ? (total - done) / rate : undefined;
    return { stage, unit, done, total, rate, etaSeconds, ...(note !== undefined && { note }) };
  };
  return {
    report(done, note) {
      const now = performance.now();
      if (!show || now - last < 100) return;
      last = now;
      show(state(done, note));
    },
    end(done, note) {
      show?.({ ...state(done, note), total: total ?? done, etaSeconds: 0 });
    },
  };
}

/** The signal a long call listens to: the caller's, or else the interrupt of the notebook's cell. */
export function callSignal(options: LongCallOptions): AbortSignal | undefined {
  return options.signal ?? notebookSignal();
}

/** `cache layers.2: 51,200 of 200,000 tokens (26 %) · 12,345 tokens/s · 12 s to go`. */
export function progressLine({ stage, unit, done, total, rate, etaSeconds, note }: Progress): string {
  const share = total ? ` of ${whole(total)} ${unit} (${Math.floor((100 * done) / total)} %)` : ` ${unit}`;
  const speed = rate > 0 ? ` · ${whole(rate)} ${unit}/s` : "";
  const left = etaSeconds ? ` · ${whole(Math.ceil(etaSeconds))} s to go` : "";
  return `${stage}: ${whole(done)}${share}${speed}${left}${note ? ` · ${note}` : ""}`;
}

function whole(n: number): string {
  return (n < 10 ? Math.round(n * 10) / 10 : Math.round(n)).toLocaleString("en-US");
}

let shown = 0;

function defaultShow(stage: string): ((progress: Progress) => void) | undefined {
  const publish = notebookPublish();
  if (publish) {
    const display_id = `saelab-progress-${process.pid}-${++shown}-${stage}`;
    let update = false;
    return (progress) => {
      publish({ "text/plain": progressLine(progress) }, { transient: { display_id }, update });
      update = true;
    };
  }
  if (process.stderr.isTTY) {
    return (progress) => {
      const end = progress.etaSeconds === 0 ? "\n" : "";
      process.stderr.write(`\r\u001b[K${progressLine(progress)}${end}`);
    };
  }
  return undefined;
}
