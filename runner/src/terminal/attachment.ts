import { closeCodes, encodeMessage, type Resume, serverMessage, type TerminalSize } from "@cliscale/protocol";
import type { Logger } from "@cliscale/service";
import type { WebSocket } from "ws";
import type { Times } from "../times.ts";
import { type ClientMessage, parseClientMessage, ProtocolViolation } from "./clientMessages.ts";
import { createSender, type Place, type Sender, type SenderView } from "./sender.ts";

/** RFC 6455 §7.4.1: the server met a condition that it did not expect. */
const internalError = 1011;

/** What the terminal does for its attachments. */
export interface AttachmentOptions extends Omit<SenderView, "isController"> {
  isController: (attachment: Attachment) => boolean;
  /** Where a client goes on, by what it has drawn; undefined where it needs a snapshot. */
  placeOf: (resume: Resume | undefined) => Place | undefined;
  onHello: (attachment: Attachment) => void;
  onInput: (attachment: Attachment, input: Buffer) => void;
  onResize: (attachment: Attachment) => void;
  onClose: (attachment: Attachment, received: boolean) => void;
  times: Times;
  logger: Logger;
}

/** One client's socket on the terminal. */
export interface Attachment {
  socket: WebSocket;
  sender: Sender;
  /** The client's size; absent until it has said hello. */
  size?: TerminalSize;
  /** When the client typed last, in the order of the terminal's inputs; absent when it has not. */
  typedAt?: number;
}

/** Serves a socket from its hello to its close. */
export function createAttachment(socket: WebSocket, options: AttachmentOptions): Attachment {
  const { times, logger } = options;
  const attachedAt = performance.now();
  const attachment: Attachment = {
    socket,
    sender: createSender(socket, { ...options, isController: () => options.isController(attachment) }),
  };
  const helloTimer = setTimeout(() => socket.close(closeCodes.malformed, "no hello"), times.hello);
  const heartbeat = startHeartbeat(socket, times.ping);

  socket.on("message", (data, isBinary) => {
    // A closing socket still delivers what was under way.
    if (socket.readyState !== socket.OPEN) return;
    try {
      receive(attachment, readMessage(data, isBinary), options);
      if (attachment.size) clearTimeout(helloTimer);
    } catch (error) {
      if (error instanceof ProtocolViolation) return socket.close(closeCodes.malformed, error.message);
      logger.error({ err: error }, "a client's message could not be handled");
      socket.close(internalError);
    }
  });
  // A close follows each error.
  socket.on("error", (error) => logger.debug({ err: error }, "terminal socket failed"));
  socket.on("close", (closeCode) => {
    clearTimeout(helloTimer);
    clearInterval(heartbeat);
    // With our 1000 answered all before it has arrived; 1005 is a client that closes when it reads the exit message.
    const received = attachment.sender.exitSent() && (closeCode === closeCodes.ended || closeCode === 1005);
    options.onClose(attachment, received);
    const durationMilliseconds = Math.round(performance.now() - attachedAt);
    logger.info({ closeCode, durationMilliseconds, greeted: attachment.size !== undefined }, "terminal detached");
  });
  return attachment;
}

function readMessage(data: unknown, isBinary: boolean): ClientMessage {
  if (!isBinary || !Buffer.isBuffer(data)) throw new ProtocolViolation("not a binary message");
  return parseClientMessage(data);
}

function receive(attachment: Attachment, message: ClientMessage, options: AttachmentOptions): void {
  const { sender } = attachment;
  if ((message.type === "hello") === (attachment.size !== undefined)) {
    throw new ProtocolViolation(message.type === "hello" ? "a second hello" : "no hello");
  }
  switch (message.type) {
    case "hello": {
      const { resume, ...size } = message.hello;
      attachment.size = size;
      options.onHello(attachment);
      return sender.begin(options.placeOf(resume));
    }
    case "input":
      return options.onInput(attachment, message.input);
    case "resize":
      attachment.size = message.size;
      return options.onResize(attachment);
    case "pause":
      return sender.setPaused(true);
    case "resume":
      return sender.setPaused(false);
    case "ping":
      return sender.answer(encodeMessage(serverMessage.pong, message.nonce));
  }
}

/** Pings the client, and drops it when it has not answered by the next ping: its network may be gone without a word. */
function startHeartbeat(socket: WebSocket, milliseconds: number): NodeJS.Timeout {
  let answered = true;
  socket.on("pong", () => {
    answered = true;
  });
  return setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, milliseconds);
}
