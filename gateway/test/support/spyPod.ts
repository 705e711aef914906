import type { Socket } from "node:net";
import { terminalPath } from "@cliscale/service";
import { podAnswer, type RawPod, readRequest, startRawPod } from "./pods.ts";

/** A pod that lets the gateway in and writes down what it was sent. */
export interface SpyPod extends RawPod {
  /** The head of each request, with KEY for its key. */
  requests: string[];
  /** All that came after them. */
  bytes(): Buffer;
  clear(): void;
}

export async function startSpyPod(podSecret: string, ip: string): Promise<SpyPod> {
  const requests: string[] = [];
  let bytes = Buffer.alloc(0);
  const pod = await startRawPod(async (socket: Socket) => {
    const { head, key } = await readRequest(socket);
    const end = head.indexOf("\r\n\r\n") + 4;
    requests.push(head.slice(0, end).replace(key, "KEY"));
    bytes = Buffer.concat([bytes, Buffer.from(head.slice(end), "latin1")]);
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    socket.write(podAnswer(podSecret, key));
  }, ip);
  return {
    ...pod,
    requests,
    bytes: () => bytes,
    clear() {
      requests.length = 0;
      bytes = Buffer.alloc(0);
    },
  };
}

/** The only request that a pod is ever sent. */
export function gatewayRequest(podSecret: string, ip: string): string {
  return [
    `GET /${terminalPath(podSecret)}/ws HTTP/1.1`,
    `Host: ${ip}:7681`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: KEY",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Protocol: tty",
    "",
    "",
  ].join("\r\n");
}
