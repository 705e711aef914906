import type { Terminal as Xterm } from "@xterm/xterm";
import { preferences } from "../preferences.ts";

/** Copies what is selected. */
export function copySelection(xterm: Xterm): void {
  if (xterm.hasSelection()) void write(xterm.getSelection());
}

/** Copies what has just been selected with the mouse, where the reader prefers that. */
export function copyOnSelect(xterm: Xterm, place: HTMLElement, signal: AbortSignal): void {
  let isSelecting = false;
  place.addEventListener("mousedown", ({ button }) => (isSelecting = button === 0), { capture: true, signal });
  // It may be let go outside, and xterm, which listens to the document as well, has then selected.
  window.addEventListener(
    "mouseup",
    () => {
      if (isSelecting && preferences().copyOnSelect) copySelection(xterm);
      isSelecting = false;
    },
    { signal },
  );
}

/** Writes to the clipboard; the browser may forbid it, and then nothing is copied. */
export async function write(text: string): Promise<void> {
  await navigator.clipboard.writeText(text).catch(() => undefined);
}
