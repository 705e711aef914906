import type { TerminalSize } from "@cliscale/protocol";

/**
 * A window that is dragged sends a size with each frame, and full-screen programs redraw for each: only the last within
 * this time counts, in milliseconds.
 */
const settleMilliseconds = 50;

export interface Resizer {
  size: () => TerminalSize;
  /** Asks for a size; it is applied once it has settled. */
  request: (size: TerminalSize) => void;
  /** Takes a size at once, before there is a program to redraw. */
  set: (size: TerminalSize) => void;
}

/** Creates a resizer; `apply` is called with each new size once it holds. */
export function createResizer(initial: TerminalSize, apply: (size: TerminalSize) => void): Resizer {
  let current = initial;
  let requested = initial;
  let timer: NodeJS.Timeout | undefined;
  const settle = () => {
    timer = undefined;
    if (requested.columns === current.columns && requested.rows === current.rows) return;
    current = requested;
    apply(current);
  };
  return {
    size: () => current,
    request: (size) => {
      requested = size;
      timer ??= setTimeout(settle, settleMilliseconds);
    },
    set: (size) => {
      requested = size;
      clearTimeout(timer);
      settle();
    },
  };
}
