import type { Terminal as Xterm } from "@xterm/xterm";
import { fontSizes, prefer, preferences } from "../preferences.ts";
import { copySelection } from "./copy.ts";

const isMac = navigator.platform.startsWith("Mac");

/** The page's own keys while the terminal has the focus; all others are the program's. */
export function takeKeys(xterm: Xterm, onLeave: () => void): void {
  xterm.attachCustomKeyEventHandler((event) => {
    if (event.type !== "keydown") return true;
    const action = actionOf(event, xterm, onLeave);
    if (action === undefined) return true;
    if (action !== "browser") {
      event.preventDefault();
      action();
    }
    return false;
  });
}

/** What a key does here; "browser" where that does what is wanted, undefined where it is for the program. */
function actionOf(event: KeyboardEvent, xterm: Xterm, onLeave: () => void): (() => void) | "browser" | undefined {
  const { shiftKey, ctrlKey, altKey, metaKey, code } = event;
  if (shiftKey && event.key === "F6") return onLeave;
  if (altKey) return undefined;
  if (ctrlKey && shiftKey && !metaKey) {
    if (code === "KeyC") return () => copySelection(xterm);
    // The browser pastes by itself.
    if (code === "KeyV") return "browser";
  }
  // Cmd+C and Cmd+V are the browser's already.
  return (isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey) ? sizeAction(event.key) : undefined;
}

function sizeAction(key: string): (() => void) | undefined {
  const { fontSize } = preferences();
  const size = { "+": fontSize + 1, "=": fontSize + 1, "-": fontSize - 1, "0": fontSizes.usual }[key];
  return size === undefined ? undefined : () => prefer({ fontSize: size });
}
