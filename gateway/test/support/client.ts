import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ClientOptions, WebSocket } from "ws";

export interface ClosedBy {
  code: number;
  reason: string;
}

/** The subprotocols of an attach. */
export const protocolsOf = (token: string) => ["tty", `bearer.${token}`];

/** Attaches and waits until the gateway has closed the socket again. */
export async function closeOf(url: string, protocols: string[], options: ClientOptions = {}): Promise<ClosedBy> {
  return closed(new WebSocket(url, protocols, { perMessageDeflate: false, ...options }));
}

/** Waits for a socket's end. */
export async function closed(socket: WebSocket): Promise<ClosedBy> {
  socket.on("error", () => {});
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return { code, reason: reason.toString() };
}

/** Attaches; the socket is open when this resolves. */
export async function attachTo(url: string, token: string, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, protocolsOf(token), { perMessageDeflate: false, ...options });
  await once(socket, "open");
  return socket;
}

/** Attaches, and says with which code the gateway closed the socket, or none where the terminal was reached. */
export async function attempt(url: string, token: string): Promise<{ client: WebSocket; code?: number }> {
  const client = new WebSocket(url, protocolsOf(token), { perMessageDeflate: false });
  const refused = closed(client);
  const reached = once(client, "pong");
  client.on("open", () => client.ping());
  const result = await Promise.race([reached, refused]);
  return "code" in result ? { client, code: result.code } : { client };
}

/** A client that says over TCP whatever it is told to. */
export async function connectRaw(port: number, host = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ port, host, noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** An opening handshake as bytes; `changes` replaces or, with undefined, leaves out a header. */
export function handshakeBytes(
  path: string,
  protocols: string[],
  changes: Record<string, string | undefined> = {},
  requestLine = `GET ${path} HTTP/1.1`,
): string {
  const headers: Record<string, string | undefined> = {
    Host: "gateway.test",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": protocols.join(", "),
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [requestLine, ...lines, "", ""].join("\r\n");
}

/** Collects what a raw client receives, up to where it is asked for. */
export function collect(socket: Socket): { bytes(): Buffer; until(test: (bytes: Buffer) => boolean): Promise<Buffer> } {
  let bytes = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
  });
  return {
    bytes: () => bytes,
    async until(test) {
      while (!test(bytes)) await once(socket, "data");
      return bytes;
    },
  };
}

/** Attaches over TCP; resolves past the 101, with what came behind it still in the collector. */
export async function attachRaw(port: number, sessionId: string, token: string, host?: string) {
  const socket = await connectRaw(port, host);
  const received = collect(socket);
  socket.write(handshakeBytes(`/ws/${sessionId}`, protocolsOf(token)));
  const head = await received.until((bytes) => bytes.includes("\r\n\r\n"));
  const headEnd = head.indexOf("\r\n\r\n") + 4;
  return {
    socket,
    head: head.toString("latin1", 0, headEnd),
    /** What came after the 101. */
    frames: () => received.bytes().subarray(headEnd),
    until: (test: (frames: Buffer) => boolean) => received.until((bytes) => test(bytes.subarray(headEnd))),
  };
}
