import type { Core, ErasingHandler } from "./core.ts";

/** The bit of a pen's foreground that underlines. */
const underlined = 0x10000000;
const single = 1;

/**
 * Has a restored cursor bring all character sets back, as VT terminals do, and a pen that can be selected: xterm brings back
 * only the set in use, whichever it belongs to, and mixes the colours of one pen with the underline of another.
 */
export function restoreWholeCursor(core: Core): void {
  const { _bufferService: service, _charsetService: charsets, _inputHandler: handler } = core;
  const { buffers } = service;
  const { saveCursor, restoreCursor, softReset } = handler;
  handler.saveCursor = (parameters) => {
    buffers.active.savedCharsets = { sets: [...charsets._charsets], level: charsets.glevel };
    saveCursor.call(handler, parameters);
    // A cursor that is about to wrap comes back in the last column.
    buffers.active.savedX = Math.min(buffers.active.savedX, service.cols - 1);
    return true;
  };
  handler.restoreCursor = (parameters) => {
    restoreCursor.call(handler, parameters);
    const { sets = [], level = 0 } = buffers.active.savedCharsets ?? {};
    charsets._charsets = [...sets];
    charsets.setgLevel(level);
    const pen = handler._curAttrData;
    // Cells share what the pen holds.
    pen.extended = pen.extended.clone();
    pen.extended.underlineStyle = pen.fg & underlined ? single : 0;
    pen.extended.underlineColor = 0;
    pen.updateExtended();
    return true;
  };
  handler.softReset = (parameters) => {
    buffers.active.savedCharsets = undefined;
    return softReset.call(handler, parameters);
  };
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
