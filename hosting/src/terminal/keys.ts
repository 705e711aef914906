import type { Terminal as Xterm } from "@xterm/xterm";
import { fontSizes, prefer, preferences } from "../preferences.ts";
import { type ShortcutId, shortcutOf } from "../shortcuts.ts";
import { copySelection } from "./copy.ts";

/** Acts on the terminal's own shortcuts while it has the focus; keys that are no shortcuts are the program's. */
export function takeKeys(xterm: Xterm, onLeave: () => void): void {
  const own: Partial<Record<ShortcutId, () => void>> = {
    copy: () => copySelection(xterm),
    larger: () => resize(1),
    smaller: () => resize(-1),
    usualSize: () => prefer({ fontSize: fontSizes.usual }),
    leave: onLeave,
  };
  xterm.attachCustomKeyEventHandler((event) => {
    // A terminal that takes no input would swallow it, and keep the focus for good.
    if (event.key === "Tab" && xterm.options.disableStdin) return false;
    const shortcut = event.type === "keydown" ? shortcutOf(event) : undefined;
    if (shortcut === undefined) return true;
    // The browser pastes by itself.
    if (shortcut === "paste") return false;
    event.preventDefault();
    own[shortcut]?.();
    return false;
  });
}

function resize(steps: number) {
  prefer({ fontSize: preferences().fontSize + steps });
}
