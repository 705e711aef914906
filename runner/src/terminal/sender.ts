import { closeCodes, encodeMessage, type Exit, type Position, serverMessage } from "@cliscale/protocol";
import type { WebSocket } from "ws";
import type { Snapshot } from "./emulator/emulator.ts";
import type { OutputStream } from "./outputStream.ts";
import type { SizeHistory } from "./sizeHistory.ts";

/** Output in one message, in bytes. */
const messageBytes = 64 * 1024;
/** With this much unsent a socket gets nothing more, in bytes … */
const highWatermarkBytes = 256 * 1024;
/** … until no more than this is left. */
const lowWatermarkBytes = 64 * 1024;
/** With this much unsent, beside a snapshot, a client asks for answers that it does not read, in bytes; it is dropped. */
const unreadBytes = 1024 * 1024;

const outputType = Uint8Array.of(serverMessage.output);

/** Where a socket goes on, which has drawn what comes before. */
export interface Place {
  offset: number;
  /** How many changes of size it has drawn. */
  sizes: number;
}

/** What is sent to a socket beside the output, as it stands when the socket's turn comes. */
export interface SenderView {
  output: OutputStream;
  sizes: SizeHistory;
  snapshot: () => Snapshot;
  isController: () => boolean;
  title: () => string | undefined;
  exit: () => Exit | undefined;
  /** The socket has become stalled or is no longer. */
  onStall: () => void;
}

/** The sending side of a socket: takes it through the output stream at its own pace. */
export interface Sender {
  /** Begins at a place in the output that is kept, or else with a snapshot. */
  begin: (place: Place | undefined) => void;
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
  const { output, sizes } = view;
  /** What this socket gets next; undefined before it begins, and when a snapshot is due. */
  let place: Place | undefined;
  const progress = { begun: false };
  /** The snapshot whose position has been sent. */
  let announced: Snapshot | undefined;
  /** Length of the last one, which may all be unsent. */
  let snapshotBytes = 0;
  let paused = false;
  let full = false;
  let positionDue = true;
  let titleDue = true;
  let exitSent = false;

  const stalled = () => paused || full;

  const pump = () => {
    while (progress.begun && !stalled() && socket.readyState === socket.OPEN) {
      const message = nextMessage();
      if (!message) return;
      socket.send(message, onSent);
      if (exitSent) socket.close(closeCodes.ended);
      if (socket.bufferedAmount >= highWatermarkBytes) setStall(paused, true);
    }
  };

  const nextMessage = (): Uint8Array | undefined => {
    if (!place || !isKept(place)) return announceSnapshot();
    if (announced) return snapshotMessage(announced);
    if (!positionDue) passSizes(place);
    if (positionDue) return positionMessage(place);
    const title = view.title();
    if (titleDue && title !== undefined) {
      titleDue = false;
      return encodeMessage(serverMessage.title, title);
    }
    if (place.offset < endOfSize(place)) return outputMessage(place);
    const exit = view.exit();
    if (exit && !exitSent) {
      exitSent = true;
      return encodeMessage(serverMessage.exit, JSON.stringify(exit));
    }
    return undefined;
  };

  /** Whether all that this socket needs is still there, so that the ring and the sizes have not moved past it. */
  const isKept = ({ offset, sizes: count }: Place) => offset >= output.start() && sizes.isKnown(count);

  const announceSnapshot = () => {
    announced = view.snapshot();
    place = { offset: announced.offset, sizes: announced.sizes };
    return positionMessage(place, { snapshot: true });
  };

  const snapshotMessage = ({ message }: Snapshot) => {
    announced = undefined;
    snapshotBytes = message.length;
    return message;
  };

  const positionMessage = ({ offset, sizes: count }: Place, more: { snapshot?: true } = {}) => {
    positionDue = false;
    const { columns, rows } = sizes.at(count);
    const position: Position = {
      epoch: output.epoch,
      offset,
      head: output.head(),
      columns,
      rows,
      controller: view.isController(),
      sizes: count,
      ...more,
    };
    return encodeMessage(serverMessage.position, JSON.stringify(position));
  };

  /** Where the size that the socket has drawn last ends to hold. */
  const endOfSize = ({ sizes: count }: Place) => (count < sizes.current() ? sizes.at(count + 1).offset : output.head());

  /** The next size holds from here on, and has to be told. */
  const passSizes = (at: Place) => {
    if (at.sizes === sizes.current() || at.offset < endOfSize(at)) return;
    at.sizes++;
    positionDue = true;
  };

  const outputMessage = (at: Place) => {
    const message = output.read(at.offset, Math.min(messageBytes, endOfSize(at) - at.offset), outputType);
    at.offset += message.length - outputType.length;
    return message;
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
    if (socket.bufferedAmount > unreadBytes + snapshotBytes) socket.terminate();
  };
  // `ws` answers pings by itself, as often as it is asked.
  socket.on("ping", dropUnread);

  return {
    begin: (at) => {
      place = at && { ...at };
      progress.begun = true;
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
