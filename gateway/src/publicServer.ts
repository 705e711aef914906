import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "@cliscale/service";
import type { Upgrade } from "./attach.ts";
import { HttpRefusal, isAttachPath, readHandshake, refusalOfParser } from "./client/handshake.ts";
import { ignoreError, refuseAsHttp } from "./client/refuse.ts";
import { WaitingConnections } from "./client/waitingConnections.ts";
import { keepAliveMilliseconds } from "./deadlines.ts";
import type { Metrics } from "./metrics.ts";

export interface PublicServerOptions {
  proxyHops: number;
  headersMilliseconds: number;
  /** Connections whose request has not come yet. */
  waitingConnections: number;
  logger: Logger;
  metrics: Metrics;
  /** Must not reject. */
  onUpgrade(upgrade: Upgrade): Promise<void>;
}

/** How often Node looks for connections past their deadline for headers. */
const checkMilliseconds = 1_000;
/** A token takes 1 KB; the rest is for what browsers add, above all the cookies of a whole site. */
const headerBytes = 16 * 1024;

/** The server that clients reach. It answers nothing but upgrades, and serves no content. */
export function createPublicServer(options: PublicServerOptions): Server {
  const { logger, metrics, headersMilliseconds } = options;
  const waiting = new WaitingConnections(options.waitingConnections);
  const server = createServer(
    {
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMilliseconds,
      maxHeaderSize: headerBytes,
      headersTimeout: headersMilliseconds,
      requestTimeout: headersMilliseconds,
      connectionsCheckingInterval: checkMilliseconds,
    },
    (request, response) => answerPlain(request, response, metrics),
  );
  server.on("connection", (client) => waiting.add(client));
  server.on("upgrade", (request, stream, head) => {
    const client = stream as Socket;
    // First of all: a reset may come at any time from here on.
    client.on("error", ignoreError);
    waiting.remove(client);
    try {
      void options.onUpgrade({ handshake: readHandshake(request, options.proxyHops), request, client, head });
    } catch (error) {
      refuse(client, error instanceof HttpRefusal ? error : new HttpRefusal(400, "Bad request."), metrics);
    }
  });
  server.on("clientError", (error, stream) => {
    const client = stream as Socket;
    client.on("error", ignoreError);
    if (client.writable) refuse(client, refusalOfParser(error), metrics);
    else client.destroy();
  });
  // Running out of file descriptors, for one, is told here, and the server goes on.
  server.on("error", (error) => logger.error({ err: error }, "public server"));
  return server;
}

function refuse(client: Socket, refusal: HttpRefusal, metrics: Metrics): void {
  metrics.attachFinished(`http${refusal.status}`);
  refuseAsHttp(client, refusal);
}

function answerPlain(request: IncomingMessage, response: ServerResponse, metrics: Metrics): void {
  const status = isAttachPath(request.url) ? 400 : 404;
  metrics.attachFinished(`http${status}`);
  const body = status === 400 ? "A WebSocket is served here.\n" : "Not found.\n";
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" }).end(body);
}
