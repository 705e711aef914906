import type { Socket } from "node:net";
import { terminalProtocol } from "@cliscale/protocol";
import { acceptOf } from "../websocketAccept.ts";

/** Answers a client's handshake (RFC 6455 §4.2.2). What it sent ahead goes back into its socket. */
export function acceptClient(client: Socket, key: string, head: Buffer): void {
  client.write(
    [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${acceptOf(key)}`,
      `Sec-WebSocket-Protocol: ${terminalProtocol}`,
      "",
      "",
    ].join("\r\n"),
  );
  if (head.length > 0) client.unshift(head);
}
