import type { Core, ErasingHandler } from "./core.ts";

/** The bit of a pen's foreground that underlines. */
const underlined = 0x10000000;
const single = 1;

/**
 * Has a restored cursor bring back a pen that can be selected, where xterm mixes the colours of one with the underline of another,
 * and come back in the last column where it was about to wrap, also in a terminal that has got wider.
 */
export function restoreWholePen({ _bufferService: service, _inputHandler: handler }: Core): void {
  const { saveCursor, restoreCursor } = handler;
  handler.saveCursor = (parameters) => {
    saveCursor.call(handler, parameters);
    const { active } = service.buffers;
    active.savedX = Math.min(active.savedX, service.cols - 1);
    return true;
  };
  handler.restoreCursor = (parameters) => {
    restoreCursor.call(handler, parameters);
    const pen = handler._curAttrData;
    // Cells share what the pen holds.
    pen.extended = pen.extended.clone();
    pen.extended.underlineStyle = pen.fg & underlined ? single : 0;
    pen.extended.underlineColor = 0;
    pen.updateExtended();
    return true;
  };
}

/**
 * In another screen, a character set is in use that is designated, or was saved there: xterm goes on with one that was restored
 * in the screen before, which no sequence leads to.
 */
export function useKnownCharset({ _bufferService: { buffers }, _charsetService: charsets, _inputHandler }: Core): void {
  const handler = _inputHandler;
  for (const name of ["setModePrivate", "resetModePrivate"] as const) {
    const changeMode = handler[name];
    handler[name] = (parameters) => {
      const before = buffers.active;
      const handled = changeMode.call(handler, parameters);
      const isKnown = charsets.charset === buffers.active.savedCharset;
      if (buffers.active !== before && !isKnown) charsets.setgLevel(charsets.glevel);
      return handled;
    };
  }
}

/** What leads to a cell that is empty before a cursor that is about to wrap; the last by changing to another screen. */
const erasing: ErasingHandler[] = [
  "eraseInLine",
  "eraseInDisplay",
  "insertColumns",
  "deleteColumns",
  "scrollLeft",
  "scrollRight",
  "scrollUp",
  "scrollDown",
  "setModePrivate",
];

/**
 * In the alternate screen the next character only wraps while there is one in the last column; no sequence leads to a cursor
 * behind an empty one. In the normal screen a cursor can be brought along from the alternate one.
 */
export function wrapOnlyBehindText({ _bufferService: service, _inputHandler: handler }: Core): void {
  for (const name of erasing) {
    const erase = handler[name];
    handler[name] = (parameters, respectProtect) => {
      const handled = erase.call(handler, parameters, respectProtect);
      const { active, alt } = service.buffers;
      if (active !== alt || active.x < service.cols) return handled;
      const line = active.lines.get(active.ybase + active.y);
      const last = service.cols - 1;
      if (line && !line.hasContent(last) && line.getWidth(last) > 0) active.x = last;
      return handled;
    };
  }
}
