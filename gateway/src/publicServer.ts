import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "@cliscale/service";
import { HttpRefusal, isAttachPath, readHandshake } from "./client/handshake.ts";
import { ignoreError, refuseAsHttp } from "./client/refuse.ts";
import type { Upgrade } from "./attach.ts";
import type { Metrics } from "./metrics.ts";

export interface PublicServerOptions {
  proxyHops: number;
  headersMilliseconds: number;
  logger: Logger;
  metrics: Metrics;
  /** Must not reject. */
  onUpgrade(upgrade: Upgrade): Promise<void>;
}

/** With libuv's ten probes a second apart, a vanished peer is found 40 s after it was last heard of. */
const keepAliveMilliseconds = 30_000;
/** How often Node looks for connections past their deadline for headers. */
const checkMilliseconds = 1_000;

/** The server that clients reach. It answers nothing but upgrades, and serves no content. */
export function createPublicServer(options: PublicServerOptions): Server {
  const { logger, metrics, headersMilliseconds } = options;
  const server = createServer(
    {
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMilliseconds,
      headersTimeout: headersMilliseconds,
      requestTimeout: headersMilliseconds,
      connectionsCheckingInterval: checkMilliseconds,
    },
    (request, response) => answerPlain(request, response, metrics),
  );
  server.on("upgrade", (request, stream, head) => {
    const client = stream as Socket;
    // First of all: a reset may come at any time from here on.
    client.on("error", ignoreError);
    try {
      void options.onUpgrade({ handshake: readHandshake(request, options.proxyHops), request, client, head });
    } catch (error) {
      const refusal = error instanceof HttpRefusal ? error : new HttpRefusal(400, "Bad request.");
      metrics.attachFinished(`http${refusal.status}`);
      refuseAsHttp(client, refusal);
    }
  });
  // Running out of file descriptors, for one, is told here, and the server goes on.
  server.on("error", (error) => logger.error({ err: error }, "public server"));
  return server;
}

function answerPlain(request: IncomingMessage, response: ServerResponse, metrics: Metrics): void {
  const status = isAttachPath(request.url) ? 400 : 404;
  metrics.attachFinished(`http${status}`);
  const body = status === 400 ? "A WebSocket is served here.\n" : "Not found.\n";
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" }).end(body);
}
