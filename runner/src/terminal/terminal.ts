import { setTimeout as delay } from "node:timers/promises";
import { closeCodes, type Exit, type Resume, type TerminalSize } from "@cliscale/protocol";
import type { Logger } from "@cliscale/service";
import type { WebSocket } from "ws";
import type { Pty } from "../command/pty.ts";
import { printable } from "../notice.ts";
import type { Times } from "../times.ts";
import { type Attachment, createAttachment } from "./attachment.ts";
import { chooseController } from "./controller.ts";
import { createOutputStream } from "./outputStream.ts";
import { createProgram, defaultSize } from "./program.ts";
import { createScreenKeeper } from "./screenKeeper.ts";
import type { Place } from "./sender.ts";
import { createSizeHistory } from "./sizeHistory.ts";

/** A client that begins anew gets all output when there is no more than this, in bytes, else the screen that it has led to. */
const replayedBytes = 64 * 1024;

/** A session's terminal: one output stream, one program, any number of clients. */
export interface Terminal {
  /** Appends to the output. */
  print: (output: string | Uint8Array) => void;
  /** Takes a client's socket. */
  attach: (socket: WebSocket) => void;
  firstHello: Promise<void>;
  size: () => TerminalSize;
  /** Gives the clients' input and sizes to the command, and its name to the clients. */
  connect: (pty: Pty, command: string) => void;
  /** Says to all, behind the last output, how the command ended. */
  end: (exit: Exit) => void;
  /** Settles when a client has received the end. */
  delivered: Promise<void>;
  /** Closes all sockets with 1000, those that are still drawing after a grace, and waits for a while for their answers. */
  close: (graceMilliseconds: number) => Promise<void>;
  /** Drops all sockets without a close frame, present and future. */
  drop: () => void;
}

export interface TerminalOptions {
  times: Times;
  logger: Logger;
  /** How much of the latest output is kept, in bytes. */
  keptBytes?: number;
}

export function createTerminal({ times, logger, ...kept }: TerminalOptions): Terminal {
  const output = createOutputStream({ ...kept, onDrop: (start) => screen.onDrop(start) });
  const sizes = createSizeHistory(defaultSize);
  /** All sockets, and of them those that have said hello, in the order of their hellos. */
  const sockets = new Set<WebSocket>();
  const attachments = new Set<Attachment>();
  const firstHello = Promise.withResolvers<void>();
  const delivered = Promise.withResolvers<void>();
  let controller: Attachment | undefined;
  let inputs = 0;
  let title: string | undefined;
  let exit: Exit | undefined;
  let dropped = false;
  let pumping = false;

  const program = createProgram(times.stall, (size) => {
    sizes.add(size, output.head());
    screen.onResize();
    requestPump();
  });
  const screen = createScreenKeeper({ output, sizes, reply: (reply) => program.write(Buffer.from(reply)), logger });

  /** Where a client goes on: in the output that is kept, unless it begins anew and the screen is the shorter way. */
  const placeOf = (resume: Resume | undefined): Place | undefined => {
    const follows = resume?.epoch === output.epoch && resume.offset <= output.head();
    if (!follows && output.head() > replayedBytes) return undefined;
    const place = follows
      ? { offset: resume.offset, sizes: sizes.countAt(resume.offset, resume.sizes) }
      : { offset: 0, sizes: sizes.initial() };
    return place.sizes === undefined ? undefined : { ...place, sizes: place.sizes };
  };
  const pump = () => {
    pumping = false;
    for (const { sender } of attachments) sender.pump();
    screen.onOutput();
  };
  const requestPump = () => {
    if (!pumping) setImmediate(pump);
    pumping = true;
  };
  const print = (text: string | Uint8Array) => {
    output.append(typeof text === "string" ? Buffer.from(text) : text);
    // A program that prints much is read in many small pieces; what came in one turn of the event loop is sent together.
    requestPump();
  };
  const updateFlow = () =>
    program.setStalled(attachments.size > 0 && [...attachments].every(({ sender }) => sender.stalled()));
  const updateController = () => {
    const next = chooseController(attachments);
    if (next === controller) return;
    controller = next;
    applySize();
    for (const { sender } of attachments) sender.announcePosition();
  };
  const applySize = () => {
    if (controller?.size) program.resize(controller.size);
  };

  const attach = (socket: WebSocket) => {
    if (dropped) return socket.terminate();
    sockets.add(socket);
    createAttachment(socket, {
      output,
      sizes,
      times,
      logger,
      placeOf,
      snapshot: screen.snapshot,
      isController: (attachment) => attachment === controller,
      title: () => screen.title() ?? title,
      exit: () => exit,
      onStall: updateFlow,
      onHello: (attachment) => {
        attachments.add(attachment);
        screen.setAttended(true);
        updateController();
        updateFlow();
        firstHello.resolve();
      },
      onInput: (attachment, input) => {
        attachment.typedAt = ++inputs;
        updateController();
        screen.onInput(input);
        program.write(input);
      },
      onResize: applySize,
      onClose: (attachment, received) => {
        sockets.delete(socket);
        attachments.delete(attachment);
        if (attachment === controller) screen.onControllerLost();
        screen.setAttended(attachments.size > 0);
        updateController();
        updateFlow();
        if (received) delivered.resolve();
      },
    });
  };

  const drop = () => {
    dropped = true;
    for (const socket of sockets) socket.terminate();
  };
  const close = async (graceMilliseconds: number) => {
    await allClosed(sockets, graceMilliseconds);
    for (const socket of sockets) socket.close(closeCodes.ended);
    await allClosed(sockets, times.farewell);
  };

  return {
    print,
    attach,
    firstHello: firstHello.promise,
    size: program.size,
    connect: (pty, command) => {
      program.connect(pty);
      title = printable(command);
      for (const { sender } of attachments) sender.announceTitle();
    },
    end: (ended) => {
      exit = ended;
      output.end();
      pump();
    },
    delivered: delivered.promise,
    close,
    drop,
  };
}

async function allClosed(sockets: ReadonlySet<WebSocket>, milliseconds: number): Promise<void> {
  const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
  await Promise.race([Promise.all(closed), delay(milliseconds, undefined, { ref: false })]);
}
