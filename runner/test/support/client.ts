import { EventEmitter, once } from "node:events";
import type { TestContext } from "node:test";
import {
  clientMessage,
  decodeJson,
  encodeHello,
  encodeMessage,
  type Exit,
  type Hello,
  type Position,
  serverMessage,
  terminalPort,
  terminalProtocol,
} from "@cliscale/protocol";
import { terminalPath } from "@cliscale/service";
import { WebSocket } from "ws";

/** How long a client waits for anything at all, so that a terminal that is stuck fails its test, in milliseconds. */
const deadlineMilliseconds = 20_000;

export interface Pod {
  address: string;
  podSecret: string;
}

export interface ServerMessage {
  type: number;
  payload: Buffer;
}

/** A client of the terminal that keeps what it is sent. */
export interface TerminalClient {
  socket: WebSocket;
  messages: ServerMessage[];
  /** The output so far. */
  output: () => string;
  outputBytes: () => Buffer;
  /** The end of the output so far: cheap to look at after each message of a long one. */
  tail: () => string;
  positions: () => Position[];
  exit: () => Exit | undefined;
  title: () => string | undefined;
  closed: Promise<{ code: number }>;
  /** Waits until a condition holds, which is looked at after each message; fails when the socket closes before. */
  until: (condition: () => boolean) => Promise<void>;
  input: (text: string) => void;
  send: (type: number, payload?: Uint8Array | string) => void;
}

export function terminalUrl({ address, podSecret }: Pod): string {
  return `ws://${address}:${terminalPort}/${terminalPath(podSecret)}/ws`;
}

/** Opens a socket and, unless told not to, says hello. */
export async function attach(
  t: TestContext,
  pod: Pod,
  hello: Hello | null = { columns: 80, rows: 24 },
): Promise<TerminalClient> {
  const socket = new WebSocket(terminalUrl(pod), terminalProtocol, { perMessageDeflate: false });
  t.after(() => socket.terminate());
  const client = createClient(socket);
  await once(socket, "open");
  if (hello) socket.send(encodeHello(hello));
  return client;
}

function createClient(socket: WebSocket): TerminalClient {
  const messages: ServerMessage[] = [];
  const events = new EventEmitter().setMaxListeners(0);
  const ofType = (type: number) => messages.filter((message) => message.type === type);
  const outputBytes = () => Buffer.concat(ofType(serverMessage.output).map(({ payload }) => payload));
  const signal = AbortSignal.timeout(deadlineMilliseconds);
  const closed = once(socket, "close", { signal }).then(([code]) => ({ code: Number(code) }));
  // Not every test waits for it.
  closed.catch(() => {});
  let tail = Buffer.alloc(0);
  socket.on("message", (data: Buffer) => {
    if (data[0] === serverMessage.output) tail = Buffer.concat([tail, data.subarray(1)]).subarray(-100);
    messages.push({ type: data[0] ?? -1, payload: data.subarray(1) });
    events.emit("change");
  });
  socket.on("close", () => events.emit("change"));
  const json = ({ type, payload }: ServerMessage) => decodeJson(encodeMessage(type, payload));
  const client: TerminalClient = {
    socket,
    messages,
    outputBytes,
    tail: () => tail.toString(),
    output: () => outputBytes().toString(),
    positions: () => ofType(serverMessage.position).map((message) => json(message) as Position),
    exit: () => ofType(serverMessage.exit).map((message) => json(message) as Exit)[0],
    title: () => ofType(serverMessage.title).at(-1)?.payload.toString(),
    closed,
    until: async (condition) => {
      while (!condition()) {
        if (socket.readyState === socket.CLOSED) throw new Error(`the socket closed; output: ${client.output()}`);
        await once(events, "change", { signal });
      }
    },
    input: (text) => client.send(clientMessage.input, text),
    send: (type, payload) => socket.send(encodeMessage(type, payload)),
  };
  return client;
}

/** The text with its escape characters spelled out, for regular expressions. */
export function spelledOut(text: string): string {
  return text.replaceAll("\u001b", "ESC");
}
