import type { Core, XtermLike } from "./core.ts";
import { type GraphemesAddon, joinGraphemes } from "./graphemes.ts";
import { restoreWholePen, useKnownCharset, wrapOnlyBehindText } from "./cursor.ts";
import { steadyLines } from "./lines.ts";
import { keepLinks } from "./links.ts";
import { collectPayloads } from "./payloads.ts";
import { printAtEdge } from "./printing.ts";
import { alignWithinScreen, forgetBeyondEdge, keepTabsWithin } from "./resizing.ts";

/**
 * Prepares an xterm.js 6.0 that follows a session's output; call it once, before anything is drawn. Where xterm hangs, draws
 * by how its input was cut into pieces, keeps what no sequence can bring back, or fills the memory, the terminals of both
 * sides are put right in the same way, and take the same characters for one.
 */
export function steadyTerminal(terminal: XtermLike, graphemes: GraphemesAddon): void {
  const core = (terminal as unknown as { _core: Core })._core;
  joinGraphemes(terminal, graphemes);
  guardErasingAbove(terminal, core);
  restoreWholePen(core);
  useKnownCharset(core);
  wrapOnlyBehindText(core);
  printAtEdge(core);
  keepTabsWithin(core);
  alignWithinScreen(core);
  steadyLines(core);
  keepLinks(core);
  collectPayloads(core);
  terminal.onResize(() => forgetBeyondEdge(core));
}

/** "Erase above" in the very last cell reads a line that is not there, throws, and leaves xterm hanging for ever. */
function guardErasingAbove({ parser }: XtermLike, { _bufferService, _inputHandler }: Core): void {
  for (const prefix of ["", "?"]) {
    parser.registerCsiHandler({ ...(prefix && { prefix }), final: "J" }, ([mode]) => {
      const { x, y, lines } = _bufferService.buffer;
      if (mode !== 1 || x + 1 < _bufferService.cols || lines.get(y + 1)) return false;
      const respectProtect = prefix === "?";
      _inputHandler._eraseInBufferLine(y, 0, _bufferService.cols, true, respectProtect);
      for (let row = 0; row < y; row++) _inputHandler._resetBufferLine(row, respectProtect);
      return true;
    });
  }
}
