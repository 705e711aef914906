import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { terminalPort } from "@cliscale/protocol";
import { podProof, proofHeader, terminalPath } from "@cliscale/service";
import { serverFrame } from "./request.ts";

/** Stands in for all pods of a run, behind one address; they differ by the path that they are asked for. */
export interface Pods {
  /** Lets a session's pod prove itself. */
  add(podSecret: string): void;
  stop(): Promise<void>;
}

/** What a client's message asks for by its first byte: itself, or that many frames of output (a number in ASCII). */
export const commands = { echo: 0x65, flood: 0x66 } as const;
export const floodFrameBytes = 16 * 1024;

const floodFrame = serverFrame(Buffer.alloc(floodFrameBytes - 4, "x"));
const maskingKeyBytes = 4;

type PodSocket = Socket & { received: Buffer; isOpen: boolean };

export async function startPods(ip: string): Promise<Pods> {
  const secrets = new Map<string, string>();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (connection) => {
    const socket: PodSocket = Object.assign(connection, { received: Buffer.alloc(0), isOpen: false });
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      socket.received = socket.received.length > 0 ? Buffer.concat([socket.received, chunk]) : chunk;
      if (!socket.isOpen) answerHandshake(socket, secrets);
      if (socket.isOpen) obey(socket);
    });
  });
  server.listen({ port: terminalPort, host: ip, backlog: 4096 });
  await once(server, "listening");
  return {
    add: (podSecret) => void secrets.set(`/${terminalPath(podSecret)}/ws`, podSecret),
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function answerHandshake(socket: PodSocket, secrets: ReadonlyMap<string, string>): void {
  const end = socket.received.indexOf("\r\n\r\n");
  if (end < 0) return;
  const head = socket.received.toString("latin1", 0, end);
  socket.received = socket.received.subarray(end + 4);
  const key = /^sec-websocket-key: *(.*)$/im.exec(head)![1]!;
  const secret = secrets.get(head.split(" ", 2)[1]!);
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")}`,
    "Sec-WebSocket-Protocol: tty",
    ...(secret === undefined ? [] : [`${proofHeader}: ${podProof(secret, key)}`]),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  socket.isOpen = true;
}

function obey(socket: PodSocket): void {
  for (let message = nextMessage(socket); message; message = nextMessage(socket)) {
    if (message[0] === commands.flood) void flood(socket, Number(message.toString("latin1", 1)));
    else socket.write(serverFrame(message));
  }
}

/** The payload of the next whole frame. Clients mask with zeros, so only a proxy that makes frames of its own needs the loop. */
function nextMessage(socket: PodSocket): Buffer | undefined {
  const { received } = socket;
  if (received.length < 2 + maskingKeyBytes) return undefined;
  const short = received[1]! & 0x7f;
  const keyAt = short === 126 ? 4 : 2;
  const start = keyAt + maskingKeyBytes;
  const end = start + (short === 126 ? received.readUInt16BE(2) : short);
  if (received.length < end) return undefined;
  socket.received = received.subarray(end);
  const message = received.subarray(start, end);
  if (received.readUInt32BE(keyAt) === 0) return message;
  return message.map((byte, index) => byte ^ received[keyAt + (index % maskingKeyBytes)]!) as Buffer;
}

async function flood(socket: PodSocket, frames: number): Promise<void> {
  const closed = once(socket, "close");
  for (let frame = 0; frame < frames && !socket.destroyed; frame += 1) {
    if (!socket.write(floodFrame)) await Promise.race([once(socket, "drain"), closed]);
  }
}
