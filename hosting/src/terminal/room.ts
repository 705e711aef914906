import type { TerminalSize } from "@cliscale/protocol";
import type { FitAddon } from "@xterm/addon-fit";

/** Dragging the window's edge asks for many sizes; after the first, programs get one per so many milliseconds at most. */
const roomMilliseconds = 100;

/** For how large a terminal there is room. */
export function roomOf(fit: FitAddon): TerminalSize {
  const proposed = fit.proposeDimensions();
  return proposed ? { columns: proposed.cols, rows: proposed.rows } : { columns: 80, rows: 24 };
}

/** Tells that the room may have changed: at once, and then again after a pause as long as it goes on changing. */
export function paced(onChange: () => void, signal: AbortSignal): () => void {
  let pause: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;
  const change = () => {
    isDue = pause !== undefined;
    if (isDue || signal.aborted) return;
    onChange();
    pause = setTimeout(() => {
      pause = undefined;
      if (isDue) change();
    }, roomMilliseconds);
  };
  signal.addEventListener("abort", () => clearTimeout(pause));
  return change;
}
