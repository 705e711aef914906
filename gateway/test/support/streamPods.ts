import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { terminalPort } from "@cliscale/protocol";
import { podProof, proofHeader, terminalPath } from "@cliscale/service";
import { type WebSocket, WebSocketServer } from "ws";
import type { TestSession } from "./world.ts";

/** A program's output that goes on whoever watches it. */
export class Stream {
  readonly viewers = new Set<WebSocket>();
  length = 0;
  private readonly chunks: Buffer[] = [];

  print(bytes: Buffer): void {
    this.chunks.push(bytes);
    this.length += bytes.length;
    for (const viewer of this.viewers) viewer.send(Buffer.concat([outputType, bytes]));
  }

  /** All of it so far. */
  output(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

const outputType = Buffer.from("0");

export interface StreamPods {
  streams: Map<string, Stream>;
  /** Has every program print something more. */
  print(): void;
  stop(): Promise<void>;
}

/**
 * Pods that speak as much of the terminal's protocol as an exact reattach needs: a hello with `resume` is answered by message
 * `3` with the offset, and the output from there on. All of them are at one address and differ by their path.
 */
export async function startStreamPods(sessions: readonly TestSession[], ip: string): Promise<StreamPods> {
  const byPath = new Map(sessions.map((session) => [`/${terminalPath(session.podSecret)}/ws`, session]));
  const streams = new Map(sessions.map(({ id }) => [id, new Stream()]));
  const http = createServer();
  const terminals = new WebSocketServer({ server: http, perMessageDeflate: false });
  terminals.on("headers", (headers, request) => {
    const { podSecret } = byPath.get(request.url!)!;
    headers.push(`${proofHeader}: ${podProof(podSecret, String(request.headers["sec-websocket-key"]))}`);
  });
  terminals.on("connection", (terminal: WebSocket, request: IncomingMessage) => {
    const stream = streams.get(byPath.get(request.url!)!.id)!;
    terminal.on("error", () => {}).on("close", () => stream.viewers.delete(terminal));
    terminal.once("message", (hello: Buffer) => show(terminal, stream, hello));
  });
  http.listen({ port: terminalPort, host: ip, backlog: 1024 });
  await once(http, "listening");
  let printed = 0;
  return {
    streams,
    print() {
      for (const [id, stream] of streams) {
        stream.print(Buffer.from(`${id} ${(printed += 1)} ${"x".repeat(printed % 700)}\n`));
      }
    },
    async stop() {
      for (const terminal of terminals.clients) terminal.terminate();
      http.close();
      await once(http, "close");
    },
  };
}

function show(terminal: WebSocket, stream: Stream, hello: Buffer): void {
  const { resume } = JSON.parse(hello.toString()) as { resume?: { offset: number } };
  const offset = resume?.offset ?? 0;
  terminal.send(Buffer.from(`3${JSON.stringify({ epoch: "1", offset, head: stream.length })}`));
  if (offset < stream.length) terminal.send(Buffer.concat([outputType, stream.output().subarray(offset)]));
  stream.viewers.add(terminal);
}
