import { createWriteStream, existsSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { FileError } from "../errors.js";
import type { ProgressMeter } from "../progress.js";
import { hubToken, isOffline } from "./hub-settings.js";

/** `hf:org/name`, `hf:org/name@revision/folder`, `hf:datasets/org/name`, taken apart. */
export interface HubSource {
  readonly kind: "models" | "datasets";
  /** `org/name`. */
  readonly repository: string;
  /** A branch, tag, commit, or `refs/pr/1`, `refs/convert/parquet`. Default `main`. */
  readonly revision: string;
  /** Folder in the repository; `""` for its top. */
  readonly folder: string;
}

const attempts = 3;

/** Answers that another try may better. */
const passing = [429, 500, 502, 503, 504];

/** Seconds before another try, where the server does not say: 0.25, then 0.5. The server may ask for ten. */
const [firstPause, longestPause] = [0.25, 10];

/** Speaks the hub's API for one repository. Every failure is one FileError that names it. */
export class HubClient {
  readonly #source: HubSource;
  readonly #signal: AbortSignal | undefined;
  readonly #endpoint = (process.env.HF_ENDPOINT ?? "https://huggingface.co").replace(/\/$/, "");

  constructor(source: HubSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
  }

  /** The commit that the revision is at, and its files. */
  async list(): Promise<{ commit: string; files: string[] }> {
    const { kind, repository, revision } = this.#source;
    const response = await this.#fetch(
      `/api/${kind}/${repository}/revision/${encodeURIComponent(revision)}`,
      {},
    );
    const { sha, siblings } = (await response.json()) as { sha: string; siblings: { rfilename: string }[] };
    const files = siblings.map(({ rfilename }) => rfilename);
    // These become paths on this machine.
    const safe = /^\w+$/.test(sha) && files.every((file) => !/(^|[/\\])(\.\.|)([/\\]|$)|:/.test(file));
    if (!safe) throw this.error("the server names files that would lie outside the cache");
    return { commit: sha, files };
  }

  /** Large files are redirected to another host; their own ETag and size stand in the first answer. */
  async describe(commit: string, file: string): Promise<{ etag: string; size: number | undefined }> {
    let place = this.#place(commit, file);
    for (let hops = 0; hops < 5; hops++) {
      const { headers } = await this.#fetch(place, { method: "HEAD", redirect: "manual" });
      const etag = (headers.get("x-linked-etag") ?? headers.get("etag"))?.replace(/^W\/|"/g, "");
      const size = headers.get("x-linked-size") ?? headers.get("content-length");
      if (etag && /^[\w.-]+$/.test(etag)) return { etag, size: size === null ? undefined : Number(size) };
      // A repository that was renamed is redirected within the host.
      const next = headers.get("location");
      if (!next?.startsWith("/")) break;
      place = next;
    }
    throw this.error(`the server gives no ETag for "${file}"`);
  }

  /** Fetches a file to `path`, going on from what is there. */
  async download(
    commit: string,
    file: string,
    { path, size, meter }: { path: string; size: number | undefined; meter: ProgressMeter },
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const found = existsSync(path) ? statSync(path).size : 0;
      // More than there should be is of another version: begin anew.
      const start = found > (size ?? found) ? 0 : found;
      try {
        if (start === 0 || start !== size) {
          await this.#append(this.#place(commit, file), { path, start, meter });
        }
        const end = statSync(path).size;
        if (end === (size ?? end)) return meter.end(end);
        throw new Error(`${end} of ${size} bytes came`);
      } catch (error) {
        this.#signal?.throwIfAborted();
        if (error instanceof FileError) throw error;
        if (attempt === attempts) throw this.error(this.#reason(error), error);
      }
    }
  }

  async #append(place: string, target: { path: string; start: number; meter: ProgressMeter }): Promise<void> {
    const { path, start, meter } = target;
    const range: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
    const response = await this.#fetch(place, { headers: range });
    const resumed = response.status === 206;
    let done = resumed ? start : 0;
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    body.on("data", (chunk: Buffer) => {
      done += chunk.length;
      meter.report(done);
    });
    await pipeline(body, createWriteStream(path, { flags: resumed ? "a" : "w" }));
  }

  error(reason: string, cause?: unknown): FileError {
    const { repository, revision } = this.#source;
    const source = `hf:${this.#prefix()}${repository}@${revision}`;
    return new FileError(`Cannot fetch "${source}" from ${this.#endpoint}: ${reason}`, repository, { cause });
  }

  #prefix(): string {
    return this.#source.kind === "datasets" ? "datasets/" : "";
  }

  #place(commit: string, file: string): string {
    const path = file.split("/").map(encodeURIComponent).join("/");
    return `/${this.#prefix()}${this.#source.repository}/resolve/${commit}/${path}`;
  }

  /** The token goes to the hub alone: `fetch` leaves it out where it is redirected to another host. */
  async #fetch(place: string, init: RequestInit): Promise<Response> {
    if (isOffline()) {
      throw this.error("HF_HUB_OFFLINE is set and the files are not in the cache");
    }
    const token = hubToken();
    const identity = { "accept-encoding": "identity" };
    const headers = { ...init.headers, ...identity, ...(token && { authorization: `Bearer ${token}` }) };
    for (let attempt = 1; ; attempt++) {
      const response = await this.#ask(place, { ...init, headers, signal: this.#signal ?? null });
      if (response.ok || (response.status >= 300 && response.status < 400)) return response;
      await response.body?.cancel();
      if (attempt === attempts || !passing.includes(response.status)) throw this.#refusal(response.status);
      await this.#pause(Number(response.headers.get("retry-after")) || firstPause * 2 ** (attempt - 1));
    }
  }

  async #ask(place: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.#endpoint + place, init);
    } catch (cause) {
      this.#signal?.throwIfAborted();
      throw this.error(this.#reason(cause), cause);
    }
  }

  async #pause(seconds: number): Promise<void> {
    const options = this.#signal ? { signal: this.#signal } : {};
    await setTimeout(1000 * Math.min(seconds, longestPause), undefined, options).catch(() => {
      this.#signal?.throwIfAborted();
    });
  }

  #refusal(status: number): FileError {
    if (status === 404) return this.error("there is no such repository, revision or file");
    if (status === 401) {
      return this.error(
        "access is refused, or there is no such repository; check its name, accept its licence on the hub and set HF_TOKEN",
      );
    }
    if (status === 403)
      return this.error("access is refused; accept its licence on the hub and set HF_TOKEN");
    return this.error(`the server answered ${status}; try again later`);
  }

  #reason(error: unknown): string {
    const cause = (error as Error).cause;
    const detail = cause instanceof Error ? cause.message : (error as Error).message;
    return `no connection (${detail}); connect, set HF_ENDPOINT to a mirror, or give a folder instead`;
  }
}
