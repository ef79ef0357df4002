/** What the thread that runs cells (main) and the thread that owns the sockets (IO) say to each other. */
import type { KernelSettings } from "./kernel-settings.js";
import type { Header, Json } from "./messages.js";

/** From the IO worker to the main thread. */
export type ToMain =
  | {
      readonly type: "execute";
      readonly id: string;
      readonly parent: Header;
      readonly code: string;
      /** What the front end says of the cell. */
      readonly metadata: Json;
      readonly count: number;
      readonly silent: boolean;
      readonly userExpressions: Readonly<Record<string, string>>;
      readonly allowStdin: boolean;
    }
  | {
      readonly type: "comm";
      readonly id: string;
      readonly parent: Header;
      readonly kind: "comm_open" | "comm_msg" | "comm_close";
      readonly content: Json;
      readonly metadata: Json;
      readonly buffers: readonly Uint8Array[];
    }
  | { readonly type: "interrupt"; readonly id: string }
  /** The cell was stopped from outside; forget it. */
  | { readonly type: "abandon"; readonly id: string }
  | { readonly type: "input"; readonly value: string }
  /** Asks for the names of members of a variable. */
  | { readonly type: "members"; readonly id: string; readonly path: readonly string[] }
  | { readonly type: "shutdown" };

/** From the main thread to the IO worker. */
export type ToIo =
  | {
      readonly type: "stream";
      readonly name: "stdout" | "stderr";
      readonly text: string;
      readonly parent?: Header;
    }
  | {
      readonly type: "publish";
      readonly msgType: string;
      readonly content: Json;
      readonly metadata?: Json;
      readonly buffers?: readonly Uint8Array[];
      readonly parent?: Header;
    }
  | { readonly type: "executed"; readonly id: string; readonly content: Json }
  | { readonly type: "commHandled"; readonly id: string }
  | {
      readonly type: "inputRequest";
      readonly id: string;
      readonly prompt: string;
      readonly password: boolean;
    }
  | { readonly type: "interrupted" }
  /** Cells started a child process. */
  | { readonly type: "child"; readonly pid: number; readonly parent: Header | undefined }
  | { readonly type: "members"; readonly id: string; readonly names: readonly string[] }
  | { readonly type: "settings"; readonly settings: Partial<KernelSettings> }
  /** The process is about to end by the cell's own doing. */
  | { readonly type: "exiting"; readonly reason: string };
