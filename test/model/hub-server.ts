import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server on this machine that speaks the hub's API for one repository. */
export interface HubServer {
  readonly endpoint: string;
  /** Requests so far: `GET /path`, with the range where there was one. */
  readonly requests: string[];
  /** Drops the next download of a file after so many bytes. */
  dropAfter(file: string, bytes: number): void;
  /** Sends other bytes than the ETag says. */
  damage(file: string): void;
  close(): Promise<void>;
}

export const commit = "0123456789abcdef0123456789abcdef01234567";

export async function startHubServer(
  repository: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<HubServer> {
  const requests: string[] = [];
  const drops = new Map<string, number>();
  const damaged = new Set<string>();

  const send = (request: IncomingMessage, response: ServerResponse, file: string, etag: string) => {
    const content = Buffer.from(files.get(file) as Uint8Array);
    if (damaged.has(file)) content.fill(0);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const body = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, { etag: `"${etag}"`, "content-length": body.length });
    if (request.method === "HEAD") return response.end();
    const limit = drops.get(file);
    if (limit === undefined) return response.end(body);
    drops.delete(file);
    response.write(body.subarray(0, limit), () => response.destroy());
  };

  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    requests.push(
      [request.method, path, request.headers.range].filter((part) => part !== undefined).join(" "),
    );
    if (path === `/api/models/${repository}/revision/main`) {
      const siblings = [...files.keys()].map((rfilename) => ({ rfilename }));
      return response.end(JSON.stringify({ sha: commit, siblings }));
    }
    if (path.startsWith("/api/models/org/gated")) return response.writeHead(403).end();
    const [, place, file] = /^\/(cdn|[\w-]+\/[\w-]+\/resolve\/\w+)\/(.+)$/.exec(path) ?? [];
    const content = files.get(file ?? "");
    if (!content) return response.writeHead(404).end();
    const sha256 = createHash("sha256").update(content).digest("hex");
    // As on the hub, only large files are kept by SHA-256 and served by another host.
    if (place !== "cdn" && content.length > 10_000) {
      response.writeHead(302, {
        location: `/cdn/${file}`,
        "x-linked-etag": `"${sha256}"`,
        "x-linked-size": content.length,
      });
      return response.end();
    }
    return send(request, response, file, sha256.slice(0, 40));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    dropAfter: (file, bytes) => drops.set(file, bytes),
    damage: (file) => damaged.add(file),
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
