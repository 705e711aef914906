import { constants } from "node:os";
import type { ReadStream } from "node:tty";
import { type IPty, spawn } from "@lydell/node-pty";
import type { Exit, TerminalSize } from "@cliscale/protocol";
import { createPtyInput } from "./ptyInput.ts";

/** After the program has ended, how long its last output is read for at most, in milliseconds. */
const lastOutputMilliseconds = 1_000;
/** Its last output has been read when nothing has come for this long, in milliseconds. */
const quietMilliseconds = 50;

export interface PtyOptions {
  file: string;
  args: string[];
  env: Record<string, string>;
  folder: string;
  size: TerminalSize;
  onOutput: (output: Buffer) => void;
}

/** A program on a pseudoterminal. */
export interface Pty {
  /** The session leader's process id; it is the session's id too. */
  pid: number;
  write: (input: Buffer) => void;
  resize: (size: TerminalSize) => void;
  /** Stops reading; the kernel then makes the program wait once its buffer is full. */
  pause: () => void;
  resume: () => void;
  /** Settles when the program has ended and all its output has been given to `onOutput`. */
  ended: Promise<Exit>;
}

/** The part of node-pty's terminal that its types leave out. */
interface PtyInternals {
  fd: number;
  _socket: ReadStream;
}

/**
 * Runs a program on a pseudoterminal of its own.
 * @throws Error when the system has no pseudoterminal or process left.
 */
export function spawnPty({ file, args, env, folder, size, onOutput }: PtyOptions): Pty {
  const pty = spawn(file, args, {
    cwd: folder,
    env,
    name: env["TERM"] ?? "xterm-256color",
    cols: size.columns,
    rows: size.rows,
    encoding: null,
  });
  const { fd, _socket: socket } = pty as IPty & PtyInternals;
  const input = createPtyInput(fd, () => !socket.destroyed);
  let programEnded = false;
  readToTheEnd(socket, () => {
    programEnded = true;
  });
  // With no encoding node-pty passes buffers on; its types say string.
  pty.onData((output: unknown) => onOutput(output as Buffer));
  return {
    pid: pty.pid,
    write: input.write,
    resize: ({ columns, rows }) => {
      if (!socket.destroyed) pty.resize(columns, rows);
    },
    pause: () => {
      if (!programEnded) pty.pause();
    },
    resume: () => pty.resume(),
    ended: new Promise((resolve) => {
      pty.onExit(({ exitCode, signal }) => resolve(exitOf(exitCode, signal)));
    }),
  };
}

/**
 * node-pty destroys its socket 200 ms after the process has ended, whether all has been read or not, so that the last
 * output of a paused or busy reader is lost. This reads on until the kernel says that nothing is left (EIO), or until
 * nothing more comes where a process in the background holds the terminal open.
 */
function readToTheEnd(socket: ReadStream, onProgramEnded: () => void): void {
  const destroy = socket.destroy.bind(socket);
  let reads = 0;
  let ended = false;
  socket.on("data", () => reads++);
  const destroyWhenQuiet = (giveUpAt: number) => {
    const before = reads;
    // The immediate comes behind a look for input, so that a busy process does not take its own delay for quiet.
    const look = () => (reads === before || performance.now() > giveUpAt ? destroy() : destroyWhenQuiet(giveUpAt));
    setTimeout(() => setImmediate(look), quietMilliseconds);
  };
  socket.destroy = (error?: Error) => {
    if (error || socket.readableEnded) return destroy(error);
    if (!ended) destroyWhenQuiet(performance.now() + lastOutputMilliseconds);
    ended = true;
    onProgramEnded();
    return socket.resume();
  };
  // EIO is the usual end of a pseudoterminal; with this listener node-pty does not throw what is not.
  socket.on("error", () => {});
}

function exitOf(exitCode: number, signal: number | undefined): Exit {
  if (!signal) return { exitCode };
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return { exitCode: 128 + signal, ...(name && { signal: name }) };
}
