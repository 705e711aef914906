import { createServer, type Server, type ServerResponse } from "node:http";
import type { Logger } from "@cliscale/service";
import type { Registry } from "prom-client";

export interface AdminServerOptions {
  registry: Registry;
  logger: Logger;
  /** False only while starting or draining: an outage behind the gateway takes no gateway out of service. */
  isReady: () => boolean;
}

/** Metrics and probes, on a port of their own that clients do not reach. */
export function createAdminServer({ registry, logger, isReady }: AdminServerOptions): Server {
  const server = createServer((request, response) => {
    if (request.method !== "GET") return answer(response, 405, "Only GET.\n");
    if (request.url === "/healthz") return answer(response, 200, "ok\n");
    if (request.url === "/readyz") {
      return isReady() ? answer(response, 200, "ready\n") : answer(response, 503, "starting or draining\n");
    }
    if (request.url === "/metrics") return void answerMetrics(response, registry, logger);
    return answer(response, 404, "Not found.\n");
  });
  server.on("error", (error) => logger.error({ err: error }, "admin server"));
  return server;
}

async function answerMetrics(response: ServerResponse, registry: Registry, logger: Logger): Promise<void> {
  try {
    answer(response, 200, await registry.metrics(), registry.contentType);
  } catch (error) {
    logger.error({ err: error }, "metrics");
    answer(response, 500, "The metrics cannot be read.\n");
  }
}

function answer(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "Content-Type": type }).end(body);
}
