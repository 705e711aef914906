import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { terminalPort } from "@cliscale/protocol";
import { podProof, proofHeader, terminalPath } from "@cliscale/service";
import { type WebSocket, WebSocketServer } from "ws";
import { acceptOf } from "../../src/websocketAccept.ts";

/** The pods of tests; each process has a network of its own, so that test files do not meet. */
export const podRange = "127.66.0.0/16";
const network = `127.66.${(process.pid % 250) + 1}`;
let lastHost = 1;

export function nextPodIp(): string {
  lastHost += 1;
  return `${network}.${lastHost}`;
}

export interface Pod {
  ip: string;
  /** Connections it has at the moment. */
  connections(): Promise<number>;
  stop(): Promise<void>;
}

export interface TerminalPod extends Pod {
  /** Resolves to the next terminal that is attached. */
  attached(): Promise<WebSocket>;
}

/** A pod with a proper WebSocket server, which proves who it is. Without a listener of its own it echoes. */
export async function startPod(podSecret: string, ip: string = nextPodIp()): Promise<TerminalPod> {
  const http = createHttpServer();
  const terminals = new WebSocketServer({
    server: http,
    path: `/${terminalPath(podSecret)}/ws`,
    perMessageDeflate: false,
    clientTracking: true,
  });
  terminals.on("headers", (headers, request) => {
    headers.push(`${proofHeader}: ${podProof(podSecret, String(request.headers["sec-websocket-key"]))}`);
  });
  terminals.on("connection", (terminal) => {
    terminal.on("error", () => {});
    terminal.on("message", (message) => terminal.send(message));
  });
  http.listen(terminalPort, ip);
  await once(http, "listening");
  return {
    ...serverOf(http, ip),
    async attached() {
      const [terminal] = (await once(terminals, "connection")) as [WebSocket];
      return terminal;
    },
    async stop() {
      for (const terminal of terminals.clients) terminal.terminate();
      http.closeAllConnections();
      http.close();
      await once(http, "close");
    },
  };
}

export interface RawPod extends Pod {
  /** Resolves to the next connection. */
  connected(): Promise<Socket>;
}

/** A pod that does on each connection what it is told to. */
export async function startRawPod(
  serve: (socket: Socket) => void | Promise<void>,
  ip: string = nextPodIp(),
): Promise<RawPod> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    void serve(socket);
  });
  server.listen(terminalPort, ip);
  await once(server, "listening");
  return {
    ...serverOf(server, ip),
    async connected() {
      const [socket] = (await once(server, "connection")) as [Socket];
      return socket;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function serverOf(server: Server, ip: string) {
  return {
    ip,
    connections: () =>
      new Promise<number>((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
  };
}

/** Reads a request's head and returns it with its key. */
export async function readRequest(socket: Socket): Promise<{ head: string; key: string }> {
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    head += chunk.toString("latin1");
  }
  return { head, key: /^sec-websocket-key: (.*)$/im.exec(head)?.[1] ?? "" };
}

/** The answer of the session's own pod; `changes` replaces or, with undefined, leaves out a header. */
export function podAnswer(podSecret: string, key: string, changes: Record<string, string | undefined> = {}): string {
  const headers: Record<string, string | undefined> = {
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Accept": acceptOf(key),
    "Sec-WebSocket-Protocol": "tty",
    [proofHeader]: podProof(podSecret, key),
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return ["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n");
}

/** Serves a raw pod up to the end of its handshake. */
export async function shakeHandsAsPod(socket: Socket, podSecret: string): Promise<void> {
  const { key } = await readRequest(socket);
  socket.write(podAnswer(podSecret, key));
}

/** A frame as a server sends it: final unless said otherwise, unmasked. */
export function serverFrame(opcode: number, payload: Buffer | string, final = true): Buffer {
  const body = Buffer.from(payload);
  const first = (final ? 0x80 : 0) | opcode;
  if (body.length < 126) return Buffer.concat([Buffer.from([first, body.length]), body]);
  const header = body.length < 65536 ? Buffer.alloc(4) : Buffer.alloc(10);
  header[0] = first;
  if (header.length === 4) {
    header[1] = 126;
    header.writeUInt16BE(body.length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(body.length), 2);
  }
  return Buffer.concat([header, body]);
}

/** A frame as a client sends it, masked with zeros. */
export function clientFrame(opcode: number, payload: Buffer | string, final = true): Buffer {
  const frame = serverFrame(opcode, payload, final);
  const body = Buffer.from(payload);
  const header = frame.subarray(0, frame.length - body.length);
  header[1] = header[1]! | 0x80;
  return Buffer.concat([header, Buffer.alloc(4), body]);
}
