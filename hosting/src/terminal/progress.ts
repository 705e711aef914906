import { ProgressAddon } from "@xterm/addon-progress";
import type { Terminal as Xterm } from "@xterm/xterm";

/** How far a program says it is (OSC 9;4). */
export interface Progress {
  state: "running" | "failed" | "paused";
  /** In per cent; undefined when it cannot tell. */
  percent?: number;
}

const states = [undefined, "running", "failed", "running", "paused"] as const;
const indeterminate = 3;

/** Draws a thin bar over the terminal while a program tells its progress; `onProgress` is told each change. */
export function showProgress(
  xterm: Xterm,
  place: HTMLElement,
  onProgress: (progress: Progress | undefined) => void,
  signal: AbortSignal,
): void {
  const addon = new ProgressAddon();
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.hidden = true;
  bar.ariaLabel = "Progress of the program";
  place.prepend(bar);
  xterm.loadAddon(addon);
  signal.addEventListener("abort", () => bar.remove());

  addon.onChange(({ state, value }) => {
    const name = states[state];
    bar.hidden = name === undefined;
    if (name === undefined) return onProgress(undefined);
    bar.dataset["state"] = name;
    if (state === indeterminate) bar.removeAttribute("value");
    else bar.value = value;
    onProgress(state === indeterminate ? { state: name } : { state: name, percent: value });
  });
}
