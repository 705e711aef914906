import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { terminalPort, terminalProtocol } from "@cliscale/protocol";
import { type Logger, podProof, proofHeader, terminalPath } from "@cliscale/service";
import { type WebSocket, WebSocketServer } from "ws";

/** How long a client may take over the head of its request, in milliseconds. */
const requestMilliseconds = 10_000;
/** Connections at a time: a session has a handful of tabs, and each may hold a few hundred kilobytes. */
const connections = 64;
/** `ws` refuses longer messages by itself, whatever the protocol says, in bytes. */
const hardMessageBytes = 1024 * 1024;

export interface TerminalServerOptions {
  /** Only this address is bound. */
  address: string;
  podSecret: string;
  onSocket: (socket: WebSocket) => void;
  logger: Logger;
}

export interface TerminalServer {
  /** Stops listening and ends the connections that are left. */
  close: () => Promise<void>;
}

/**
 * Serves the terminal's WebSocket at the path that the pod's secret names, and 404 for everything else.
 * @throws Error when the address cannot be bound.
 */
export async function serveTerminal(options: TerminalServerOptions): Promise<TerminalServer> {
  const path = `/${terminalPath(options.podSecret)}/ws`;
  const webSockets = createWebSocketServer(options.podSecret);
  const server = createServer(
    { headersTimeout: requestMilliseconds, requestTimeout: requestMilliseconds },
    (_request, response) => response.writeHead(404, { Connection: "close" }).end(),
  );
  server.maxConnections = connections;
  server.on("upgrade", (request, socket, head) => {
    // Until `ws` has the socket nobody else hears its errors.
    socket.on("error", () => socket.destroy());
    if (request.url !== path || !offersTerminal(request)) return refuse(socket);
    webSockets.handleUpgrade(request, socket, head, options.onSocket);
  });
  server.listen(terminalPort, options.address);
  await once(server, "listening");
  // A connection that cannot be accepted, for want of descriptors, must not end the session.
  server.on("error", (error) => options.logger.warn({ err: error }, "terminal connection not accepted"));
  return {
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function createWebSocketServer(podSecret: string): WebSocketServer {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: hardMessageBytes,
    handleProtocols: () => terminalProtocol,
  });
  webSockets.on("headers", (headers, request) => {
    headers.push(`${proofHeader}: ${podProof(podSecret, request.headers["sec-websocket-key"] ?? "")}`);
  });
  webSockets.on("wsClientError", (_error, socket) => refuse(socket));
  return webSockets;
}

function offersTerminal(request: IncomingMessage): boolean {
  const offered = request.headers["sec-websocket-protocol"]?.split(",") ?? [];
  return offered.some((protocol) => protocol.trim() === terminalProtocol);
}

function refuse(socket: Duplex): void {
  // The HTTP server leaves an upgraded socket half open.
  socket.once("finish", () => socket.destroy());
  socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}
