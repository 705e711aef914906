import { createServer, type Server, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { Logger } from "@cliscale/service";
import type { Registry } from "prom-client";

export interface AdminServerOptions {
  registry: Registry;
  logger: Logger;
  /** False only while starting or draining: an outage behind the gateway takes no gateway out of service. */
  isReady: () => boolean;
}

/**
 * Metrics and probes, on a port of their own that clients do not reach. Probes and scrapers know a gateway by its address; a
 * page that had its own name lead here (DNS rebinding) could read the answers, so another name than localhost is refused.
 */
export function createAdminServer({ registry, logger, isReady }: AdminServerOptions): Server {
  const server = createServer((request, response) => {
    if (!isAddress(request.headers.host)) return answer(response, 421, "Ask for an address, not a name.\n");
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

function isAddress(host: string | undefined): boolean {
  const name = host?.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1") ?? "";
  return name === "localhost" || isIP(name) !== 0;
}

function answer(response: ServerResponse, status: number, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "Content-Type": type }).end(body);
}
