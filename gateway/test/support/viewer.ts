import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { protocolsOf } from "./client.ts";
import type { TestSession, World } from "./world.ts";

/** Between two attempts, doubled by each that fails; a share of it is chance, so that clients do not all come at once. */
const retryMilliseconds = { first: 100, longest: 5_000 } as const;

/** A client that attaches again, with a fresh token and from where it stood, whenever it is cut. */
export class Viewer {
  /** Bytes of the stream that it has seen. */
  seenBytes = 0;
  /** How its sockets were closed, one after the other. */
  readonly codes: number[] = [];
  readonly protocolErrors: Error[] = [];
  private pause: number = retryMilliseconds.first;
  private readonly chunks: Buffer[] = [];
  private readonly world: World;
  private readonly session: TestSession;
  /** The gateway that a load balancer would lead it to. */
  private readonly port: () => number;
  private socket: WebSocket | undefined;
  private isStopped = false;

  constructor(world: World, session: TestSession, port: () => number) {
    this.world = world;
    this.session = session;
    this.port = port;
  }

  /** Resolves when it is attached for the first time, and keeps it attached. */
  async start(): Promise<void> {
    await this.attach();
    void this.stayAttached();
  }

  get isAttached(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** All that it has seen. */
  seen(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Ends its connection; it attaches again. */
  detach(): void {
    this.socket?.terminate();
  }

  stop(): void {
    this.isStopped = true;
    this.socket?.terminate();
  }

  private async stayAttached(): Promise<void> {
    while (!this.isStopped) {
      await delay(this.pause * (0.5 + Math.random()));
      if (this.socket !== undefined || this.isStopped) continue;
      this.pause = Math.min(2 * this.pause, retryMilliseconds.longest);
      // Like a call that fails, a token that cannot be had now is asked for again.
      await this.attach().catch(() => {});
    }
  }

  private async attach(): Promise<void> {
    const token = await this.world.mint(this.session);
    const url = `ws://127.0.0.1:${this.port()}/ws/${this.session.id}`;
    const socket = new WebSocket(url, protocolsOf(token), { perMessageDeflate: false });
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.on("open", () => {
      socket.send(JSON.stringify({ columns: 80, rows: 24, resume: { epoch: "1", offset: this.seenBytes } }));
      resolve();
    });
    socket.on("message", (message: Buffer) => this.read(message));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code?.startsWith("WS_ERR")) this.protocolErrors.push(error);
    });
    socket.on("close", (code) => {
      if (!this.isStopped) this.codes.push(code);
      this.socket = undefined;
      resolve();
    });
    this.socket = socket;
    await promise;
  }

  private read(message: Buffer): void {
    if (message[0] === 0x33) {
      const { offset } = JSON.parse(message.toString("utf8", 1)) as { offset: number };
      assert.equal(offset, this.seenBytes);
      this.pause = retryMilliseconds.first;
    } else {
      this.chunks.push(message.subarray(1));
      this.seenBytes += message.length - 1;
    }
  }
}
