import { type Core, isSecondHalf } from "./core.ts";
import { hasJoined, joinWidth } from "./graphemes.ts";

/**
 * Without wrapping, the characters at a row's end overprint each other, and xterm leaves half of a wide one there, or not,
 * by how its input was cut into pieces. So they are printed one by one, and halves emptied.
 */
export function printAtEdge(core: Core): void {
  const { _inputHandler: handler } = core;
  const { print } = handler;
  handler.print = (characters, start, end) => {
    if (core.coreService.decPrivateModes.wraparound) {
      print.call(handler, characters, start, end);
      return;
    }
    for (let index = start; index < end; index++) {
      const { x } = core._bufferService.buffer;
      const before = handler._parser.precedingJoinState;
      print.call(handler, characters, index, index + 1);
      emptyHalves(core);
      if (isSkipped(core, x, before)) handler._parser.precedingJoinState = 0;
    }
  };
}

function emptyHalves({ _bufferService: { buffer, cols } }: Core): void {
  const line = buffer.lines.get(buffer.ybase + buffer.y);
  if (!line) return;
  const last = cols - 1;
  const empty = (column: number) => line.setCell(column, buffer.getNullCell());
  if (line.getWidth(last) === 2) empty(last);
  if (line.getWidth(last - 1) === 2 && !isSecondHalf(line, last)) empty(last - 1);
}

/**
 * Whether the character that was printed last has not been drawn, so that nothing can join it: there was no room where the cursor
 * was, or the one before it would have got too wide.
 */
function isSkipped({ _bufferService: { cols }, _inputHandler }: Core, x: number, before: number): boolean {
  const state = _inputHandler._parser.precedingJoinState;
  const width = joinWidth(state);
  return width === 2 && x + width - (hasJoined(state) ? joinWidth(before) : 0) > cols;
}
