import { closeCodes, encodeMessage, type Exit, type Position, serverMessage } from "@cliscale/protocol";
import type { WebSocket } from "ws";
import type { OutputStream, Replay } from "./outputStream.ts";

/** Output in one message, in bytes. */
const messageBytes = 64 * 1024;
/** With this much unsent a socket gets nothing more, in bytes … */
const highWatermarkBytes = 256 * 1024;
/** … until no more than this is left. */
const lowWatermarkBytes = 64 * 1024;
/** With this much unsent a client asks for answers that it does not read, in bytes; it is dropped. */
const unreadBytes = 1024 * 1024;

/** What is sent to a socket beside the output, as it stands when the socket's turn comes. */
export interface SenderView {
  output: OutputStream;
  position: (offset: number) => Position;
  title: () => string | undefined;
  exit: () => Exit | undefined;
  /** The socket has become stalled or is no longer. */
  onStall: () => void;
}

/** The sending side of a socket: takes it through the output stream at its own pace. */
export interface Sender {
  /** Begins with the replay. */
  begin: (replay: Replay) => void;
  /** Has the position sent (again) before more output. */
  announcePosition: () => void;
  /** Has the title sent (again) before more output. */
  announceTitle: () => void;
  /** Sends what there is, as far as the socket takes it. */
  pump: () => void;
  setPaused: (paused: boolean) => void;
  /** Answers at once, ahead of the output. */
  answer: (message: Uint8Array) => void;
  /** Paused by its client, or full. */
  stalled: () => boolean;
  /** Whether the exit message has been sent, and so everything before it. */
  exitSent: () => boolean;
}

/** Creates the sender of a socket; it sends nothing until it begins. */
export function createSender(socket: WebSocket, view: SenderView): Sender {
  const { output } = view;
  /** Where the output that this socket gets next begins; undefined before the replay. */
  let offset: number | undefined;
  let paused = false;
  let full = false;
  let positionDue = true;
  let titleDue = true;
  let exitSent = false;

  const stalled = () => paused || full;

  const pump = () => {
    while (!stalled() && socket.readyState === socket.OPEN) {
      const message = nextMessage();
      if (!message) return;
      socket.send(message, onSent);
      if (exitSent) socket.close(closeCodes.ended);
      if (socket.bufferedAmount >= highWatermarkBytes) setStall(paused, true);
    }
  };

  const nextMessage = (): Uint8Array | undefined => {
    if (offset === undefined) return undefined;
    if (offset < output.start()) {
      // The ring has moved past this socket: it goes on from what is left, and is told so.
      offset = output.replay().offset;
      positionDue = true;
    }
    const title = view.title();
    const exit = view.exit();
    if (positionDue) {
      positionDue = false;
      return encodeMessage(serverMessage.position, JSON.stringify(view.position(offset)));
    }
    if (titleDue && title !== undefined) {
      titleDue = false;
      return encodeMessage(serverMessage.title, title);
    }
    if (offset < output.head()) {
      const chunk = output.read(offset, messageBytes);
      offset += chunk.length;
      return encodeMessage(serverMessage.output, chunk);
    }
    if (exit && !exitSent) {
      exitSent = true;
      return encodeMessage(serverMessage.exit, JSON.stringify(exit));
    }
    return undefined;
  };

  const onSent = () => {
    if (full && socket.bufferedAmount <= lowWatermarkBytes) {
      setStall(paused, false);
      pump();
    }
  };

  const setStall = (nowPaused: boolean, nowFull: boolean) => {
    const before = stalled();
    paused = nowPaused;
    full = nowFull;
    if (stalled() !== before) view.onStall();
  };

  const dropUnread = () => {
    if (socket.bufferedAmount > unreadBytes) socket.terminate();
  };
  // `ws` answers pings by itself, as often as it is asked.
  socket.on("ping", dropUnread);

  return {
    begin: (replay) => {
      offset = replay.offset;
      pump();
    },
    announcePosition: () => {
      positionDue = true;
      pump();
    },
    announceTitle: () => {
      titleDue = true;
      pump();
    },
    pump,
    setPaused: (nowPaused) => {
      setStall(nowPaused, full);
      pump();
    },
    answer: (message) => {
      socket.send(message);
      dropUnread();
    },
    stalled,
    exitSent: () => exitSent,
  };
}
