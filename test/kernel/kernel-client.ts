/** A Jupyter front end for tests: starts the built kernel as Jupyter does, and speaks the protocol over ZMTP. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectionInfo, Json, Message } from "../../kernel/src/messages.js";
import { WireCodec } from "../../kernel/src/wire.js";
import { type SocketType, ZmtpPeer } from "../../kernel/src/zmtp-peer.js";

export const root = join(import.meta.dirname, "..", "..");

/** The built kernel. */
export function builtKernel(): string {
  const entry = join(root, "kernel", "dist", "main.js");
  if (!existsSync(entry)) throw new Error("Cannot find the built kernel: run npm run build -w kernel");
  return entry;
}

/** A cell's reply and everything that was published for it. */
export interface Execution {
  readonly reply: Json;
  readonly outputs: readonly Message[];
}

/** Options of `KernelClient.start()`. */
export interface StartOptions {
  readonly cwd?: string;
  /** Arguments of the kernel before the connection file. */
  readonly args?: readonly string[];
  /** Arguments of Node that start another kernel; by default the built one. */
  readonly argv?: (connectionFile: string) => readonly string[];
  /** Program that starts another kernel; by default Node. */
  readonly command?: string;
  /** More flags of Node. */
  readonly flags?: readonly string[];
  /** A kernel whose connection file this one takes over, as Jupyter restarts a kernel. */
  readonly after?: KernelClient;
  /** With `"own"`, a second kernel beside the one of `after`, in the same folder. */
  readonly ports?: "own";
  /** Milliseconds after which a kernel that does not answer is given up; 30,000 by default. */
  readonly patience?: number;
}

/** One running kernel and a front end connected to it. */
export class KernelClient {
  readonly process: ChildProcess;
  readonly #codec: WireCodec;
  #shell: ZmtpPeer | undefined;
  #control: ZmtpPeer | undefined;
  #stdin: ZmtpPeer | undefined;
  #iopub: ZmtpPeer | undefined;
  readonly connection: ConnectionInfo;
  /** Folder of the connection file. */
  readonly folder: string;
  /** What the kernel wrote to the log of its Jupyter server. */
  log = "";
  readonly published: Message[] = [];
  readonly #replies = new Map<string, (message: Message) => void>();
  #published: (() => void)[] = [];
  #answer = (_prompt: string, _password: boolean) => "";

  private constructor(process: ChildProcess, connection: ConnectionInfo, folder: string) {
    this.process = process;
    this.connection = connection;
    this.#codec = new WireCodec(connection.key);
    this.folder = folder;
    process.stderr?.on("data", (chunk) => {
      this.log += chunk;
    });
  }

  /** Starts a kernel and waits until it answers and its output arrives. */
  static async start(options: StartOptions = {}): Promise<KernelClient> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await KernelClient.#start(options);
      } catch (error) {
        // Free ports are not reserved: now and then somebody else takes one in between.
        if (attempt === 3) throw error;
      }
    }
  }

  static async #start({
    cwd = root,
    args = [],
    argv,
    command = process.execPath,
    flags = [],
    after,
    ports,
    patience = 30_000,
  }: StartOptions = {}): Promise<KernelClient> {
    const folder = after?.folder ?? mkdtempSync(join(tmpdir(), "saelab-kernel-"));
    const connection = (ports ? undefined : after?.connection) ?? (await freeConnection());
    const file = join(folder, ports ? "connection-2.json" : "connection.json");
    writeFileSync(file, JSON.stringify(connection));
    const ownFlags = ["--no-warnings", "--no-force-async-hooks-checks", ...flags];
    const own = () => [...ownFlags, builtKernel(), ...args, file];
    const child = spawn(command, argv?.(file) ?? own(), {
      cwd,
      stdio: ["inherit", "inherit", "pipe"],
    });
    const client = new KernelClient(child, connection, folder);
    const timer = setTimeout(() => child.kill("SIGKILL"), patience);
    const ready = client.#ready(connection, argv === undefined).then(() => client);
    const gone = new Promise<never>((_, reject) => {
      child.once("exit", (code) => reject(new Error(`The kernel ended with ${code} before it answered`)));
    });
    return Promise.race([ready, gone]).finally(() => clearTimeout(timer));
  }

  async #ready(connection: ConnectionInfo, welcomes: boolean): Promise<void> {
    await this.#connect(connection);
    await this.request("kernel_info_request", {});
    if (welcomes) await this.until(({ header }) => header.msg_type === "iopub_welcome");
  }

  async #connect({ shell_port, control_port, stdin_port, iopub_port }: ConnectionInfo): Promise<void> {
    const published = (message: Message) => {
      this.published.push(message);
      for (const wake of this.#published.splice(0)) wake();
    };
    this.#shell = await this.#peer("DEALER", shell_port, (message) => this.#replied(message));
    this.#control = await this.#peer("DEALER", control_port, (message) => this.#replied(message));
    this.#stdin = await this.#peer("DEALER", stdin_port, (message) => this.#asked(message));
    this.#iopub = await this.#peer("SUB", iopub_port, published);
    this.#iopub.send([Uint8Array.of(1)]);
  }

  async #peer(type: SocketType, port: number, take: (message: Message) => void): Promise<ZmtpPeer> {
    for (;;) {
      const socket = connect(port, "127.0.0.1");
      const connected = await new Promise((resolve) => {
        socket.once("connect", () => resolve(true));
        socket.once("error", () => resolve(false));
      });
      if (connected) {
        const onMessage = (frames: Buffer[]) => take(this.#codec.decode(frames));
        return new ZmtpPeer(socket, type, { identity: Buffer.from("front-end"), onMessage });
      }
      if (this.process.exitCode !== null || this.process.killed) throw new Error("The kernel is gone");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Sends a request and resolves to its reply. */
  async request(type: string, content: Json, channel: "shell" | "control" = "shell"): Promise<Message> {
    const id = this.send(type, content, { channel });
    return new Promise((resolve) => this.#replies.set(id, resolve));
  }

  /** Sends a message and returns its id. */
  send(
    type: string,
    content: Json,
    {
      metadata = {},
      buffers = [],
      channel = "shell",
    }: { metadata?: Json; buffers?: Uint8Array[]; channel?: "shell" | "control" } = {},
  ): string {
    const header = this.#codec.header(type);
    const message = { identities: [], header, parent: undefined, metadata, content, buffers };
    const frames = this.#codec.encode(message);
    (channel === "shell" ? this.#shell : this.#control)?.send(frames);
    return header.msg_id;
  }

  /** Runs a cell and waits for its reply and its idle. */
  async execute(code: string, options: Json = {}): Promise<Execution> {
    const from = this.published.length;
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      ...options,
    };
    const reply = await this.request("execute_request", content);
    const id = reply.parent?.msg_id;
    const isMine = (message: Message) => message.parent?.msg_id === id;
    await this.until((message) => isMine(message) && message.content.execution_state === "idle", from);
    return { reply: reply.content, outputs: this.published.slice(from).filter(isMine) };
  }

  /** Waits for a published message. */
  async until(wanted: (message: Message) => boolean, from = 0): Promise<Message> {
    for (;;) {
      const found = this.published.slice(from).find(wanted);
      if (found) return found;
      await new Promise<void>((resolve) => this.#published.push(resolve));
    }
  }

  /** Answers what cells ask the user. */
  onInput(answer: (prompt: string, password: boolean) => string): void {
    this.#answer = answer;
  }

  /** Asks the debugger, and gives its answer's body; without success, throws its message. */
  async debug(command: string, given: Json = {}): Promise<Json> {
    const content = { type: "request", seq: 1, command, arguments: given };
    const { content: answer } = await this.request("debug_request", content, "control");
    if (answer.success !== true) throw new Error(String(answer.message));
    return answer.body as Json;
  }

  /** Interrupts by message. */
  async interrupt(): Promise<void> {
    await this.request("interrupt_request", {}, "control");
  }

  /** Ends kernel and front end. */
  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.send("shutdown_request", { restart: false }, { channel: "control" });
      const timer = setTimeout(() => this.process.kill("SIGKILL"), 3000);
      await gone;
      clearTimeout(timer);
    }
    for (const peer of [this.#shell, this.#control, this.#stdin, this.#iopub]) void peer?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #replied(message: Message): void {
    const id = message.parent?.msg_id ?? "";
    this.#replies.get(id)?.(message);
    this.#replies.delete(id);
  }

  #asked(request: Message): void {
    const header = this.#codec.header("input_reply");
    const content = {
      value: this.#answer(String(request.content.prompt), request.content.password === true),
    };
    const message = { identities: [], header, parent: request.header, metadata: {}, content, buffers: [] };
    this.#stdin?.send(this.#codec.encode(message));
  }
}

/** Text of a stream of an execution. */
export function streamText({ outputs }: Execution, name: "stdout" | "stderr" = "stdout"): string {
  const own = outputs.filter(({ header, content }) => header.msg_type === "stream" && content.name === name);
  return own.map(({ content }) => content.text).join("");
}

/** Contents of an execution's messages of a type. */
export function contentsOf({ outputs }: Execution, type: string): Json[] {
  return outputs.filter(({ header }) => header.msg_type === type).map(({ content }) => content);
}

/** MIME bundle of an execution's result. */
export function resultOf(execution: Execution): Json | undefined {
  return contentsOf(execution, "execute_result")[0]?.data as Json | undefined;
}

async function freeConnection(): Promise<ConnectionInfo> {
  const [shell_port = 0, control_port = 0, stdin_port = 0, iopub_port = 0, hb_port = 0] = await freePorts(5);
  const ports = { shell_port, control_port, stdin_port, iopub_port, hb_port };
  return { transport: "tcp", ip: "127.0.0.1", key: randomUUID(), signature_scheme: "hmac-sha256", ...ports };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
