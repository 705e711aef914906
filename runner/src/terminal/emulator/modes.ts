import type { Internals } from "./internals.ts";

const mouseProtocols = { NONE: "", X10: "\x1b[?9h", VT200: "\x1b[?1000h", DRAG: "\x1b[?1002h", ANY: "\x1b[?1003h" };
const mouseEncodings = { DEFAULT: "", SGR: "\x1b[?1006h", SGR_PIXELS: "\x1b[?1016h" };
const cursorStyles = { block: 2, underline: 4, bar: 6 };

/** What sets the modes that are not as in a terminal that has just been cleared. Origin mode goes with the cursor. */
export function modeSequences({ coreService, coreMouseService, optionsService }: Internals): string[] {
  const { decPrivateModes: modes } = coreService;
  const style = modes.cursorStyle ? cursorStyles[modes.cursorStyle] - (modes.cursorBlink ? 1 : 0) : 0;
  return [
    modes.applicationCursorKeys ? "\x1b[?1h" : "",
    modes.applicationKeypad ? "\x1b=" : "",
    modes.bracketedPasteMode ? "\x1b[?2004h" : "",
    modes.reverseWraparound ? "\x1b[?45h" : "",
    modes.sendFocus ? "\x1b[?1004h" : "",
    modes.synchronizedOutput ? "\x1b[?2026h" : "",
    modes.wraparound ? "" : "\x1b[?7l",
    coreService.modes.insertMode ? "\x1b[4h" : "",
    // Clearing a terminal does not bring these two back.
    coreService.isCursorHidden ? "\x1b[?25l" : "\x1b[?25h",
    optionsService.options.convertEol ? "\x1b[20h" : "\x1b[20l",
    style ? `\x1b[${style} q` : "",
    mouseProtocols[coreMouseService.activeProtocol],
    mouseEncodings[coreMouseService.activeEncoding],
  ];
}
