import {
  type Attach,
  bearerProtocolPrefix,
  clientMessage,
  encodeHello,
  encodeMessage,
  serverMessage,
  terminalProtocol,
} from "@cliscale/protocol";
import { once } from "node:events";
import { WebSocket } from "ws";

/** A terminal socket as a test holds it: everything received is kept. */
export interface TerminalSocket {
  socket: WebSocket;
  /** All output so far, as text. */
  output(): string;
  /** Resolves when the output matches; rejects when the socket closes first. */
  until(pattern: RegExp): Promise<void>;
  /** Messages of a type that are JSON, in the order of arrival. */
  json(type: number): unknown[];
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Close code and reason. */
  closed: Promise<{ code: number; reason: string }>;
}

const untilMilliseconds = 60_000;

/** Opens a terminal socket without waiting for anything but its first event: open or close. */
export async function attach({ url, token }: Attach, size = { columns: 80, rows: 24 }): Promise<TerminalSocket> {
  const socket = new WebSocket(url, [terminalProtocol, `${bearerProtocolPrefix}${token}`]);
  socket.binaryType = "nodebuffer";
  const messages: Buffer[] = [];
  const decoder = new TextDecoder();
  let text = "";
  socket.on("message", (data: Buffer) => {
    messages.push(data);
    if (data[0] === serverMessage.output) text += decoder.decode(data.subarray(1), { stream: true });
  });
  socket.on("error", () => undefined);
  const closed = once(socket, "close").then(([code, reason]) => ({ code: code as number, reason: String(reason) }));
  socket.on("open", () => socket.send(encodeHello(size)));
  await Promise.race([once(socket, "open"), closed]);

  return {
    socket,
    closed,
    output: () => text,
    async until(pattern) {
      const deadline = AbortSignal.timeout(untilMilliseconds);
      while (!pattern.test(text)) {
        const gone = closed.then(({ code }) => `closed with ${code}`);
        const late = once(deadline, "abort").then(() => "nothing came");
        const next = await Promise.race([once(socket, "message").then(() => undefined), gone, late]);
        if (next && !pattern.test(text)) throw new Error(`${next} before ${String(pattern)}; output so far:\n${text}`);
      }
    },
    json: (type) =>
      messages
        .filter((message) => message[0] === type)
        .map((message) => JSON.parse(message.toString("utf8", 1)) as unknown),
    type: (input) => socket.send(encodeMessage(clientMessage.input, input)),
    resize: (columns, rows) => socket.send(encodeMessage(clientMessage.resize, JSON.stringify({ columns, rows }))),
  };
}
