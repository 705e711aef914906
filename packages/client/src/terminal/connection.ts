import {
  type Attach,
  type Exit,
  type TerminalSize,
  bearerProtocolPrefix,
  clientMessage,
  closeCodes,
  encodeHello,
  encodeMessage,
  serverMessage,
  terminalProtocol,
} from "@cliscale/protocol";
import type { Drawing } from "./drawing.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { MalformedMessage, decodeExit, decodePosition, decodeText, plainTitle } from "./messages.ts";
import { type WebSocketConstructor, brokenCode, openState } from "./webSocket.ts";

/** Bytes handed over and not yet drawn at which the server is asked to pause, and at which to go on. */
const undrawn = { high: 512 * 1024, low: 128 * 1024 };

/** A large paste goes out in messages of so many bytes, so that none is refused for its size. */
const inputBytes = 16 * 1024;

export interface Times {
  /** From opening the socket to the server's first message, and from the exit message to its close. */
  answerMilliseconds: number;
  pingMilliseconds: number;
  pongMilliseconds: number;
}

export const defaultTimes: Times = { answerMilliseconds: 20_000, pingMilliseconds: 15_000, pongMilliseconds: 10_000 };

export interface ConnectionOptions {
  WebSocket: WebSocketConstructor;
  attach: Attach;
  size: () => TerminalSize;
  drawing: Drawing;
  times: Times;
  /** After each message of the server. */
  onMessage: () => void;
  onTitle: (title: string) => void;
  onRoundTrip: (milliseconds: number) => void;
}

/** How a connection ended. */
export interface Closing {
  code: number;
  exit?: Exit;
  /** For how long it was attached: since the server's first message; 0 when there was none. */
  attachedMilliseconds: number;
}

/** One WebSocket to the terminal server. */
export interface Connection {
  /** Never rejects. */
  readonly closed: Promise<Closing>;
  input(bytes: Uint8Array): void;
  resize(size: TerminalSize): void;
  /** Asks for a sign of life, without which the connection is given up. */
  check(): void;
  /** Asks the server to pause or to go on, by how much is undrawn. */
  adjustFlow(): void;
  close(): void;
}

/** Opens a connection and says hello. It ends by itself, whatever the server does. */
export function connect(options: ConnectionOptions): Connection {
  const { attach, drawing, times } = options;
  const socket = new options.WebSocket(attach.url, [terminalProtocol, bearerProtocolPrefix + attach.token]);
  const closed = Promise.withResolvers<Closing>();
  let attachedAt: number | undefined;
  let exit: Exit | undefined;
  let isPaused = false;
  let isOver = false;
  let deadline = setTimeout(giveUp, times.answerMilliseconds);
  const heartbeat = startHeartbeat({
    ...times,
    // A stock ttyd, which tells no positions, answers no ping.
    canPing: () => drawing.isPositioned,
    sendPing: (nonce) => send(encodeMessage(clientMessage.ping, nonce)),
    onRoundTrip: options.onRoundTrip,
    // A server that was asked to pause may hold its answer back too.
    onSilent: () => !isPaused && giveUp(),
  });

  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", sayHello);
  socket.addEventListener("message", ({ data }) => {
    if (data instanceof ArrayBuffer && !isOver) receive(new Uint8Array(data));
  });
  // A close event follows every error.
  socket.addEventListener("error", () => {});
  socket.addEventListener("close", ({ code }) => end(code));

  function sayHello() {
    drawing.begin();
    const { resume } = drawing;
    const { columns, rows } = options.size();
    send(encodeHello(resume ? { columns, rows, resume } : { columns, rows }));
  }

  function receive(message: Uint8Array) {
    heartbeat.heard();
    const isFirst = attachedAt === undefined;
    if (isFirst) {
      attachedAt = performance.now();
      clearTimeout(deadline);
    }
    try {
      handle(message);
    } catch (error) {
      if (error instanceof MalformedMessage) return leave(closeCodes.malformed);
      throw error;
    }
    if (isFirst) heartbeat.beat();
    options.onMessage();
  }

  function handle(message: Uint8Array) {
    switch (message[0]) {
      case serverMessage.output:
        drawing.output(message.subarray(1));
        return adjustFlow();
      case serverMessage.title:
        return options.onTitle(plainTitle(decodeText(message)));
      case serverMessage.position:
        return drawing.position(decodePosition(message));
      case serverMessage.pong:
        return heartbeat.pong(decodeText(message));
      case serverMessage.exit:
        exit = decodeExit(message);
        deadline = setTimeout(giveUp, times.answerMilliseconds);
        return;
      case undefined:
      case serverMessage.preferences:
      default:
      // Nothing that matters here, or a message that is newer than this client.
    }
  }

  function adjustFlow() {
    if (!isPaused && drawing.undrawnBytes >= undrawn.high) {
      isPaused = true;
      send(encodeMessage(clientMessage.pause));
    } else if (isPaused && drawing.undrawnBytes <= undrawn.low) {
      isPaused = false;
      send(encodeMessage(clientMessage.resume));
    }
  }

  function send(message: Uint8Array<ArrayBuffer>) {
    if (socket.readyState === openState) socket.send(message);
  }

  function giveUp() {
    leave(brokenCode);
  }

  function leave(code: number) {
    end(code);
    // A browser lets a page send only 1000 and 3000–4999.
    socket.close(code === brokenCode ? 1000 : code);
  }

  function end(code: number) {
    if (isOver) return;
    isOver = true;
    clearTimeout(deadline);
    heartbeat.stop();
    const attachedMilliseconds = attachedAt === undefined ? 0 : performance.now() - attachedAt;
    closed.resolve(exit ? { code, exit, attachedMilliseconds } : { code, attachedMilliseconds });
  }

  return {
    closed: closed.promise,
    input(bytes) {
      for (let start = 0; start < bytes.length; start += inputBytes) {
        send(encodeMessage(clientMessage.input, bytes.subarray(start, start + inputBytes)));
      }
    },
    resize(size) {
      send(encodeMessage(clientMessage.resize, JSON.stringify({ columns: size.columns, rows: size.rows })));
    },
    check: () => heartbeat.check(),
    adjustFlow,
    close: () => leave(1000),
  };
}
