import type { TerminalSize } from "@cliscale/protocol";
import type { Pty } from "../command/pty.ts";
import { createFlowControl } from "./flowControl.ts";
import { createResizer } from "./resizer.ts";

/** The size until a client has said its own. */
export const defaultSize: TerminalSize = { columns: 80, rows: 24 };
/** What is kept of input that comes before the command runs, in bytes: somebody types ahead of it. */
const earlyInputBytes = 64 * 1024;

/** The program behind a terminal, from before it runs until it has ended. */
export interface Program {
  size: () => TerminalSize;
  resize: (size: TerminalSize) => void;
  write: (input: Buffer) => void;
  /** Says whether everybody who is attached is stalled. */
  setStalled: (stalled: boolean) => void;
  /** The command now runs; it was started at `size()`. */
  connect: (pty: Pty) => void;
}

/** Creates the place of a program; `onResized` is called when another size holds. */
export function createProgram(stallMilliseconds: number, onResized: (size: TerminalSize) => void): Program {
  let pty: Pty | undefined;
  let early: Buffer[] = [];
  let earlyLength = 0;

  const resizer = createResizer(defaultSize, (size) => {
    pty?.resize(size);
    onResized(size);
  });
  const flow = createFlowControl({ pause: () => pty?.pause(), resume: () => pty?.resume() }, stallMilliseconds);

  return {
    size: resizer.size,
    resize: (size) => (pty ? resizer.request(size) : resizer.set(size)),
    write: (input) => {
      if (pty) return pty.write(input);
      if (earlyLength + input.length > earlyInputBytes) return;
      early.push(input);
      earlyLength += input.length;
    },
    setStalled: flow.update,
    connect: (started) => {
      pty = started;
      if (flow.holding()) pty.pause();
      for (const input of early) pty.write(input);
      early = [];
    },
  };
}
