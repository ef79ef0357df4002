import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Two servers on this machine that speak the hub's API for one repository: the hub, and the host of its large files. */
export interface HubServer {
  readonly endpoint: string;
  /** Requests so far: `GET /path`, with the range where there was one. */
  readonly requests: string[];
  /** The tokens that each host was sent; `undefined` where a request had none. */
  readonly tokens: { readonly hub: (string | undefined)[]; readonly cdn: (string | undefined)[] };
  /** Drops the next download of a file after so many bytes. */
  dropAfter(file: string, bytes: number): void;
  /** Sends other bytes than the ETag says. */
  damage(file: string): void;
  /** Answers the next requests to the hub with these, and asks to wait so long before the next. */
  refuse(statuses: readonly number[], retryAfter?: string): void;
  close(): Promise<void>;
}

export interface HubServerOptions {
  kind?: "models" | "datasets";
}

export const commit = "0123456789abcdef0123456789abcdef01234567";

/** Larger files are on the other host, by SHA-256. */
const largest = 10_000;

export async function startHubServer(
  repository: string,
  files: ReadonlyMap<string, Uint8Array>,
  { kind = "models" }: HubServerOptions = {},
): Promise<HubServer> {
  const requests: string[] = [];
  const tokens: { hub: (string | undefined)[]; cdn: (string | undefined)[] } = { hub: [], cdn: [] };
  const drops = new Map<string, number>();
  const damaged = new Set<string>();
  const refusals: { status: number; retryAfter: string | undefined }[] = [];
  const prefix = kind === "datasets" ? "/datasets" : "";

  const send = (request: IncomingMessage, response: ServerResponse, file: string, etag: string) => {
    const content = Buffer.from(files.get(file) as Uint8Array);
    if (damaged.has(file)) content.fill(0);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const body = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": body.length,
      etag: `"${etag}"`,
      "x-repo-commit": commit,
    });
    if (request.method === "HEAD") return response.end();
    const limit = drops.get(file);
    if (limit === undefined) return response.end(body);
    drops.delete(file);
    // Later, so that what was sent has arrived.
    response.write(body.subarray(0, limit), () => setTimeout(() => response.destroy(), 100));
  };
  const note = (request: IncomingMessage, path: string, host: "hub" | "cdn") => {
    tokens[host].push(request.headers.authorization);
    requests.push([request.method, path, request.headers.range].filter(Boolean).join(" "));
  };

  const cdn = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    note(request, path, "cdn");
    const file = path.slice("/cdn/".length);
    return send(request, response, file, sha256(files.get(file) as Uint8Array));
  });
  const cdnOrigin = await listen(cdn);

  const hub = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    note(request, path, "hub");
    const refusal = refusals.shift();
    if (refusal) {
      const wait = refusal.retryAfter === undefined ? {} : { "retry-after": refusal.retryAfter };
      return response.writeHead(refusal.status, wait).end();
    }
    if (path === `/api/${kind}/${repository}/revision/main`) {
      const siblings = [...files.keys()].map((rfilename) => ({ rfilename }));
      return response.end(JSON.stringify({ id: repository, sha: commit, siblings }));
    }
    if (path.startsWith(`/api/${kind}/org/gated`)) return response.writeHead(403).end();
    const places = ["main", commit].map((revision) => `${prefix}/${repository}/resolve/${revision}/`);
    const place = places.find((start) => path.startsWith(start));
    const file = place === undefined ? "" : path.slice(place.length);
    const content = files.get(file);
    if (!content) return response.writeHead(404).end();
    if (content.length <= largest) return send(request, response, file, sha256(content).slice(0, 40));
    response.writeHead(302, {
      location: `${cdnOrigin}/cdn/${file}`,
      "x-repo-commit": commit,
      "x-linked-etag": `"${sha256(content)}"`,
      "x-linked-size": content.length,
    });
    return response.end();
  });
  return {
    endpoint: await listen(hub),
    requests,
    tokens,
    dropAfter: (file, bytes) => drops.set(file, bytes),
    damage: (file) => damaged.add(file),
    refuse: (statuses, retryAfter) => refusals.push(...statuses.map((status) => ({ status, retryAfter }))),
    close: async () => void (await Promise.all([hub, cdn].map(closed))),
  };
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
