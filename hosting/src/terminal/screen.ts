import type { Screen } from "@cliscale/client";
import type { Terminal as Xterm } from "@xterm/xterm";

/** What aborts a sequence or character that was cut in half (CAN), and takes back changed colours (OSC 104, 110–112). */
const forget = new TextEncoder().encode("\x18\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07");
const nothing = new Uint8Array();

/** An xterm as what a connection draws on. */
export function screenOf(xterm: Xterm): Screen {
  return {
    write: (bytes, drawn) => xterm.write(bytes, drawn),
    // An xterm draws later what it is given now; these two wait their turn behind that.
    reset() {
      xterm.write(forget, () => {
        xterm.reset();
        // Modes that xterm keeps as options.
        xterm.options.convertEol = false;
        xterm.options.cursorBlink = false;
      });
    },
    resize({ columns, rows }) {
      xterm.write(nothing, () => xterm.resize(columns, rows));
    },
  };
}
