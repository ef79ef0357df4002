/** Messages of the Jupyter protocol, version 5.5; see "Messaging in Jupyter" of the jupyter_client documentation. */

/** Any JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Section "Message header". */
export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
}

/** Section "General message format". Buffers are the frames behind the content; the signature leaves them out. */
export interface Message {
  /** Routing frames in front of the delimiter; on iopub, the topic. */
  readonly identities: readonly Uint8Array[];
  readonly header: Header;
  readonly parent: Header | undefined;
  readonly metadata: Json;
  readonly content: Json;
  readonly buffers: readonly Uint8Array[];
}

/** Section "MIME bundles": values by type; binary types as base64 text, JSON types as objects. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** The five channels. */
export type Channel = "shell" | "control" | "stdin" | "iopub" | "hb";

/** Section "Connection files". */
export interface ConnectionInfo {
  readonly transport: string;
  readonly ip: string;
  readonly shell_port: number;
  readonly control_port: number;
  readonly stdin_port: number;
  readonly iopub_port: number;
  readonly hb_port: number;
  readonly key: string;
  readonly signature_scheme: string;
  readonly kernel_name?: string;
}

/** Protocol version that this kernel speaks. */
export const protocolVersion = "5.5";
