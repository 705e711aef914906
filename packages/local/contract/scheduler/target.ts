import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Answers it; a request that is not answered waits. */
  answer: (status: number) => void;
}

/** An HTTP server on loopback that jobs can be aimed at. */
export interface Target {
  url: string;
  /** All requests so far, in the order in which they came. */
  requests: ReceivedRequest[];
  /** The next request that no call has returned yet, to a path; rejects when none comes in time. */
  next: (path: string) => Promise<ReceivedRequest>;
  close: () => Promise<void>;
}

const waitMilliseconds = 5_000;

export async function startTarget(): Promise<Target> {
  const requests: ReceivedRequest[] = [];
  const taken = new Set<ReceivedRequest>();
  const arrivals = new EventEmitter();
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      requests.push({
        method: incoming.method!,
        url: incoming.url!,
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
        answer: (status) => answer(response, status),
      });
      arrivals.emit("request");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function take(path: string): ReceivedRequest | undefined {
    const request = requests.find((candidate) => candidate.url === path && !taken.has(candidate));
    if (request) taken.add(request);
    return request;
  }

  return {
    url,
    requests,
    async next(path) {
      const signal = AbortSignal.timeout(waitMilliseconds);
      for (;;) {
        const request = take(path);
        if (request) return request;
        await once(arrivals, "request", { signal }).catch(() => assert.fail(`no request came to ${path}`));
      }
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}
