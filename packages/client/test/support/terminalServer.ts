// A gateway and terminal server in one, on a real WebSocket: each test plays the server's side.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type Attach, type Hello, clientMessage, encodeMessage } from "@cliscale/protocol";
import { type WebSocket, WebSocketServer } from "ws";

/** The server's side of one connection. */
export interface Peer {
  /** The subprotocols that were offered. */
  offered: string[];
  hello: Hello;
  send(type: number, payload?: string | object | Uint8Array): void;
  /** The payload of the next message of the type, passing over others. */
  next(type: number): Promise<string>;
  close(code: number): void;
  /** Breaks the connection without a close frame. */
  cut(): void;
  closed: Promise<unknown>;
}

export async function startTerminalServer() {
  const sockets = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    perMessageDeflate: false,
    handleProtocols: () => "tty",
  });
  await once(sockets, "listening");
  const arrived: Peer[] = [];
  const awaited: ((peer: Peer) => void)[] = [];
  let refusal: number | undefined;
  sockets.on("connection", (socket, request) => {
    if (refusal !== undefined) return socket.close(refusal);
    const offered = request.headers["sec-websocket-protocol"]!.split(/,\s*/);
    void createPeer(socket, offered).then((peer) => {
      const take = awaited.shift();
      if (take) take(peer);
      else arrived.push(peer);
    });
  });
  const url = `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/ws/x`;
  return {
    url,
    attach: (token: string): Attach => ({ url, token, expiresAt: "2026-11-23T10:01:00Z" }),
    /** The next connection that has said hello. */
    accept(): Promise<Peer> {
      const peer = arrived.shift();
      return peer ? Promise.resolve(peer) : new Promise((resolve) => awaited.push(resolve));
    },
    /** Closes each further connection with the code, or no longer. */
    refuseWith(code: number | undefined) {
      refusal = code;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await once(sockets, "close");
    },
  };
}

async function createPeer(socket: WebSocket, offered: string[]): Promise<Peer> {
  const messages: Buffer[] = [];
  socket.on("message", (data: Buffer) => messages.push(data));
  async function next(type: number): Promise<Buffer> {
    for (;;) {
      const index = messages.findIndex((message) => message[0] === type);
      if (index >= 0) return messages.splice(0, index + 1).at(-1)!;
      await once(socket, "message");
    }
  }
  const hello = JSON.parse((await next(clientMessage.hello)).toString()) as Hello;
  return {
    offered,
    hello,
    send(type, payload = "") {
      const isRaw = typeof payload === "string" || payload instanceof Uint8Array;
      socket.send(encodeMessage(type, isRaw ? payload : JSON.stringify(payload)));
    },
    next: async (type) => (await next(type)).subarray(1).toString(),
    close: (code) => socket.close(code),
    cut: () => socket.terminate(),
    closed: once(socket, "close"),
  };
}
