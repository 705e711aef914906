import type { Terminal as Xterm } from "@xterm/xterm";

/** For so long a bell shows, and no other does: it must not flicker. */
const bellMilliseconds = 1000;

/** Shows a bell at the terminal's edge; `onBell` is told as often. */
export function showBells(xterm: Xterm, place: HTMLElement, onBell: () => void, signal: AbortSignal): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    clearTimeout(timer);
    timer = undefined;
    delete place.dataset["bell"];
  };
  xterm.onBell(() => {
    if (timer !== undefined) return;
    place.dataset["bell"] = "";
    timer = setTimeout(end, bellMilliseconds);
    onBell();
  });
  signal.addEventListener("abort", end);
}
