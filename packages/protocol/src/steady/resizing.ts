import { type Core, isSecondHalf, type ScreenBuffer } from "./core.ts";

/** Forgets what a terminal that has just changed its size keeps though it is not on it any more. */
export function forgetBeyondEdge({ _bufferService: { cols, rows, buffers }, _inputHandler }: Core): void {
  for (const buffer of [buffers.normal, buffers.alt]) {
    cutLines(buffer, cols);
    for (const column of Object.keys(buffer.tabs)) if (Number(column) >= cols) delete buffer.tabs[Number(column)];
  }
  // An alternate screen that was resized while nothing was in it goes on to hold as many lines as before: more than it shows.
  if (buffers.alt.lines.length === 0) buffers.alt.lines.maxLength = rows;
  buffers.alt.savedX = Math.min(buffers.alt.savedX, cols - 1);
  buffers.alt.savedY = Math.min(buffers.alt.savedY, rows - 1);
  // The character that was printed last may be elsewhere, or not there.
  _inputHandler._parser.precedingJoinState = 0;
}

/** Has a cursor that is about to wrap set no tab stop, which would be beyond the edge. */
export function keepTabsWithin({ _bufferService: service, _inputHandler: handler }: Core): void {
  const { tabSet } = handler;
  handler.tabSet = () => service.buffer.x >= service.cols || tabSet.call(handler);
}

/** Has the alignment pattern fill the screen; in origin mode it goes on below it, through lines that are no more. */
export function alignWithinScreen({ _inputHandler: handler, coreService }: Core): void {
  const { screenAlignmentPattern } = handler;
  handler.screenAlignmentPattern = () => {
    const modes = coreService.decPrivateModes;
    const { origin } = modes;
    modes.origin = false;
    screenAlignmentPattern.call(handler);
    modes.origin = origin;
    handler._setCursor(0, 0);
    return true;
  };
}

/** Lines that got shorter keep what was beyond, where it comes back when characters are deleted, and halves of wide characters. */
function cutLines(buffer: ScreenBuffer, columns: number): void {
  for (let index = 0; index < buffer.lines.length; index++) {
    const line = buffer.lines.get(index);
    if (!line) continue;
    if (line.length > columns) line.resize(columns, buffer.getNullCell());
    if (line.getWidth(columns - 1) === 2) line.setCell(columns - 1, buffer.getNullCell());
    if (isSecondHalf(line, 0)) line.setCell(0, buffer.getNullCell());
  }
}
