import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { clientFrame, openingHandshake } from "./request.ts";

/** Where and how to attach. */
export interface Door {
  port: number;
  path: string;
  protocols: readonly string[];
}

const attachMilliseconds = 15_000;
/** For what a client waits for; a gateway that loses bytes must not stop the run. */
const receiveMilliseconds = 60_000;
const closeMilliseconds = 5_000;
/** What a gateway asks an idle client, and its answer, masked with zeros. */
const ping = Buffer.from([0x89, 0]);
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** A WebSocket over TCP that does no more than a benchmark needs, so that the load costs little beside what is measured. */
export class Client {
  readonly socket: Socket;
  /** Bytes received since the answer to the handshake. */
  received = 0;
  onReceived: (() => void) | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  send(payload: Buffer): void {
    this.socket.write(clientFrame(payload));
  }

  /** Waits until this many bytes have come since the last time. @throws Error when the socket is closed before. */
  async receive(bytes: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = () => {
      if (this.received >= bytes) resolve();
    };
    const onClose = () => reject(new Error(`closed after ${this.received} of ${bytes} bytes`));
    const late = setTimeout(() => this.socket.destroy(), receiveMilliseconds);
    this.onReceived = check;
    this.socket.once("close", onClose);
    check();
    try {
      await promise;
    } finally {
      clearTimeout(late);
      this.onReceived = undefined;
      this.socket.off("close", onClose);
    }
    this.received -= bytes;
  }

  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    this.socket.setTimeout(closeMilliseconds, () => this.socket.destroy()).end();
    await once(this.socket, "close");
  }
}

/** Opens a WebSocket. @throws Error where the answer is not 101, or nothing comes of it. */
export async function attach({ port, path, protocols }: Door): Promise<Client> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  socket.write(openingHandshake(path, protocols));
  const late = setTimeout(() => socket.destroy(), attachMilliseconds);
  let head = Buffer.alloc(0);
  while (!head.includes("\r\n\r\n")) {
    const [chunk] = (await Promise.race([once(socket, "data"), once(socket, "close")])) as [unknown];
    if (!Buffer.isBuffer(chunk)) throw new Error("the gateway closed the connection during the handshake");
    head = Buffer.concat([head, chunk]);
  }
  clearTimeout(late);
  if (!head.toString("latin1", 0, 12).startsWith("HTTP/1.1 101")) throw new Error(head.toString("latin1", 0, 64));
  const client = new Client(socket);
  client.received = head.length - head.indexOf("\r\n\r\n") - 4;
  socket.on("data", (chunk: Buffer) => {
    if (chunk.equals(ping)) {
      socket.write(pong);
      return;
    }
    client.received += chunk.length;
    client.onReceived?.();
  });
  return client;
}
