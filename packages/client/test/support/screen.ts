import type { Screen } from "@cliscale/client";
import type { TerminalSize } from "@cliscale/protocol";

/** A screen that keeps what is asked of it, in order, and draws bytes in a later turn of the event loop. */
export function createScreen() {
  const log: (string | TerminalSize)[] = [];
  let text = "";
  const queue: (() => void)[] = [];
  let held = false;

  function enqueue(step: () => void) {
    queue.push(step);
    setImmediate(drain);
  }
  function drain() {
    if (!held) for (const step of queue.splice(0)) step();
  }

  const screen: Screen = {
    write(bytes, drawn) {
      enqueue(() => {
        const piece = Buffer.from(bytes).toString("latin1");
        text += piece;
        log.push(piece);
        drawn();
      });
    },
    reset() {
      enqueue(() => {
        text = "";
        log.push("reset");
      });
    },
    resize(size) {
      enqueue(() => log.push(size));
    },
  };
  return {
    screen,
    /** Everything in order: text, "reset" or a size. */
    log,
    /** What is on the screen. */
    get text() {
      return text;
    },
    /** Resolves when all that was asked for so far is drawn. */
    drawn: () => new Promise<void>((resolve) => enqueue(resolve)),
    /** Stops drawing, or goes on. */
    hold(on: boolean) {
      held = on;
      setImmediate(drain);
    },
  };
}
