import { InspectorClient } from "./inspector-client.js";

/** Milliseconds between two looks. */
const interval = 100;
/** Share of the heap's limit at which the process as a whole is worth a closer look. */
const look = 0.5;
/** Bytes that a cell may fill between two looks. */
const headroom = 150 * 2 ** 20;

/** What the watch needs. */
export interface HeapWatchOptions {
  /** Bytes that the main thread's heap may have. */
  readonly limit: number;
  /** Told how full the heap is whenever it is worth a look, from 0 to 1. */
  readonly onShare: (share: number) => void;
  /** Called when the next allocations would end the process. */
  readonly onShortage: (usedBytes: number) => void;
}

/**
 * Watches the main thread's heap from another thread: V8 gives no warning before it ends the process.
 *
 * Looking costs the main thread nothing until the process has grown to half of what its heap may be.
 */
export function watchHeap({ limit, onShare, onShortage }: HeapWatchOptions): void {
  const most = limit - Math.max(limit / 10, Math.min(limit / 4, headroom));
  let isLooking = false;
  let wasFull = false;
  const lookCloser = async () => {
    const used = await usedBytes();
    onShare(used / limit);
    // Once may be garbage that V8 is about to collect.
    if (used >= most && wasFull) onShortage(used);
    wasFull = used >= most && !wasFull;
  };
  setInterval(() => {
    if (isLooking || process.memoryUsage.rss() < look * limit) return;
    isLooking = true;
    void lookCloser().finally(() => {
      isLooking = false;
    });
  }, interval).unref();
}

async function usedBytes(): Promise<number> {
  const inspector = new InspectorClient();
  inspector.connect();
  try {
    const { usedSize } = await inspector.send("Runtime.getHeapUsage");
    return usedSize;
  } finally {
    inspector.disconnect();
  }
}
