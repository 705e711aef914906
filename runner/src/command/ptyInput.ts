import { writeSync } from "node:fs";

/** What waits for a program that does not read its input, in bytes; it loses what exceeds this, as a terminal does. */
const queueBytes = 1024 * 1024;
/** How soon to try again when the terminal takes no more, in milliseconds. */
const retryMilliseconds = 10;

export interface PtyInput {
  write: (input: Buffer) => void;
}

/**
 * Writes to a pseudoterminal without ever waiting for the program behind it. (node-pty's own write goes through libuv,
 * which treats a pseudoterminal as a blocking stream and spins until the program reads: one program that does not would
 * stop the whole runner.) The descriptor must be non-blocking, as node-pty's is.
 */
export function createPtyInput(fd: number, isOpen: () => boolean): PtyInput {
  let queue: Buffer[] = [];
  let queued = 0;
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    timer = undefined;
    while (queue[0]) {
      const written = isOpen() ? writeSome(fd, queue[0]) : "gone";
      if (written === "gone") return clear();
      if (written === 0) {
        timer = setTimeout(flush, retryMilliseconds);
        return;
      }
      queued -= written;
      const rest = queue[0].subarray(written);
      if (rest.length > 0) queue[0] = rest;
      else queue.shift();
    }
  };
  const clear = () => {
    queue = [];
    queued = 0;
  };
  return {
    write: (input) => {
      if (queued + input.length > queueBytes) return;
      queue.push(input);
      queued += input.length;
      if (!timer) flush();
    },
  };
}

/** How many bytes the terminal took; 0 when it is full. */
function writeSome(fd: number, input: Buffer): number | "gone" {
  try {
    return writeSync(fd, input);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : "gone";
  }
}
