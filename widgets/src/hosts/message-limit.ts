/** Bytes of one message that a Jupyter server takes from a page before it closes the connection. */
const serverLimit = 10 * 1024 * 1024;

interface Signal<T> {
  connect(slot: (sender: unknown, value: T) => void): void;
}

/** A message of the page or of the kernel, as JupyterLab tells of it. */
interface MessageEvent {
  readonly direction: "send" | "recv";
  readonly msg: {
    readonly content: unknown;
    readonly buffers?: readonly (ArrayBuffer | ArrayBufferView)[];
  };
}

interface KernelConnection {
  readonly name: string;
  readonly anyMessage: Signal<MessageEvent>;
}

interface SessionContext {
  readonly session: { readonly kernel: KernelConnection | null } | null;
  readonly kernelChanged: Signal<{ readonly newValue: KernelConnection | null }>;
}

/** The open notebooks, as far as they are needed here. */
export interface NotebookTracker {
  readonly widgetAdded: Signal<{ readonly sessionContext: SessionContext }>;
}

/**
 * Says so when a notebook sends its kernel more than the server takes. Without it, the page is told of a lost connection
 * only, as the server closes it and the kernel hears of nothing.
 *
 * @param show Shows a message of error to the user.
 */
export function watchMessageSizes(notebooks: NotebookTracker, show: (text: string) => void): void {
  const watch = (kernel: KernelConnection | null | undefined) => {
    if (kernel?.name !== "saelab") return;
    kernel.anyMessage.connect((_, { direction, msg }) => {
      const bytes = direction === "send" ? sizeOf(msg) : 0;
      if (bytes > serverLimit) show(tooLarge(bytes));
    });
  };
  notebooks.widgetAdded.connect((_, { sessionContext }) => {
    watch(sessionContext.session?.kernel);
    sessionContext.kernelChanged.connect((_, { newValue }) => watch(newValue));
  });
}

function sizeOf({ content, buffers = [] }: MessageEvent["msg"]): number {
  const text = JSON.stringify(content);
  // No character takes more than three bytes, so most messages need not be encoded.
  const encoded = text.length * 3 > serverLimit ? new TextEncoder().encode(text).length : text.length;
  return buffers.reduce((sum, { byteLength }) => sum + byteLength, encoded);
}

function tooLarge(bytes: number): string {
  const megabytes = (bytes / 2 ** 20).toFixed(1);
  // JupyterLab cuts longer ones.
  return `Cannot send ${megabytes} MB to the kernel: the Jupyter server takes 10 MB at once (websocket_max_message_size); send less`;
}
