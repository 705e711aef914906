import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type RequestHandler } from "express";

export interface CallableServer {
  /** Calls `POST /NAME` with `{data}`, as Firebase's client does. */
  call(name: string, data: unknown, headers?: Record<string, string>): Promise<CallableAnswer>;
  stop(): Promise<void>;
}

export interface CallableAnswer {
  status: number;
  result?: unknown;
  error?: { status: string; message: string; details?: unknown };
}

/** What Cloud Run takes at most. */
const requestBytes = 32 * 1024 * 1024;

/** Serves functions by name with what Cloud Run's Functions Framework gives them: Express, a parsed body and a raw one. */
export async function serveCallables(functions: Record<string, unknown>): Promise<CallableServer> {
  const app = express();
  app.use(express.json({ limit: requestBytes, verify: keepRawBody }));
  for (const [name, handler] of Object.entries(functions)) app.all(`/${name}`, handler as RequestHandler);
  const server = createServer(app);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    async call(name, data, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${port}/${name}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ data }),
        signal: AbortSignal.timeout(20_000),
      });
      const body = (await response.json()) as Omit<CallableAnswer, "status">;
      return { status: response.status, ...body };
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function keepRawBody(request: IncomingMessage, _response: unknown, rawBody: Buffer): void {
  Object.assign(request, { rawBody });
}
