import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { terminalProtocol } from "@cliscale/protocol";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import type { Close } from "../splice/closeFrame.ts";
import type { HttpRefusal } from "./handshake.ts";

/** How long a refused client may take to answer the Close frame. */
const closeMilliseconds = 2_000;
/** Nothing that a refused client says is read. */
const messageBytes = 1024;

// `closeTimeout` is missing from the package's types.
const options: ServerOptions & { closeTimeout: number } = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: messageBytes,
  closeTimeout: closeMilliseconds,
  handleProtocols: (offered) => (offered.has(terminalProtocol) ? terminalProtocol : false),
};
const server = new WebSocketServer(options);

/** Accepts a client as a WebSocket and closes it at once: a browser shows its page no other answer than a close code. */
export function refuseAsWebSocket(request: IncomingMessage, client: Socket, head: Buffer, close: Close): void {
  server.handleUpgrade(request, client, head, (socket: WebSocket) => {
    socket.on("error", ignoreError);
    socket.close(close.code, close.reason);
  });
}

/** Answers an upgrade by plain HTTP and ends the connection. */
export function refuseAsHttp(client: Socket, { status, message }: HttpRefusal): void {
  const body = `${message}\n`;
  client.setTimeout(closeMilliseconds, destroyThis);
  client.write(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "Connection: close",
      "Content-Type: text/plain; charset=utf-8",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n"),
  );
  client.destroySoon();
}

/** Without a listener a reset by the peer would end the process; the `close` event that follows says all that is needed. */
export function ignoreError(): void {}

function destroyThis(this: Socket): void {
  this.destroy();
}
