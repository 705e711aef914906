import { type Core, isSecondHalf } from "./core.ts";

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
      stayInRow(core);
    } else {
      for (let index = start; index < end; index++) {
        print.call(handler, characters, index, index + 1);
        stayInRow(core);
        emptyHalves(core);
        forgetSkipped(core);
      }
    }
  };
}

/** What combines with nothing moves the cursor on, also out of the row. */
function stayInRow({ _bufferService: { buffer, cols } }: Core): void {
  if (buffer.x > cols) buffer.x = cols;
}

function emptyHalves({ _bufferService: { buffer, cols } }: Core): void {
  const line = buffer.lines.get(buffer.ybase + buffer.y);
  if (!line) return;
  const last = cols - 1;
  const empty = (column: number) => line.setCell(column, buffer.getNullCell());
  if (line.getWidth(last) === 2) empty(last);
  if (line.getWidth(last - 1) === 2 && !isSecondHalf(line, last)) empty(last - 1);
}

/** A wide character that did not fit has not been drawn, so that nothing can combine with it. */
function forgetSkipped({ _bufferService: { buffer }, _inputHandler: { _parser: parser } }: Core): void {
  const width = joinWidth(parser.precedingJoinState);
  const line = buffer.lines.get(buffer.ybase + buffer.y);
  if (width === 0 || !line) return;
  const column = buffer.x - width;
  if (column < 0 || line.getWidth(column) !== width || !line.hasContent(column)) parser.precedingJoinState = 0;
}

/** Columns of the character that was printed last: https://github.com/xtermjs/xterm.js/blob/6.0.0/src/common/services/UnicodeService.ts */
function joinWidth(state: number): number {
  return (state >>> 1) & 3;
}
