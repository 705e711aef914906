import { type Core, isSecondHalf, type Line } from "./core.ts";

/** The kinds of lines that have been put right: all terminals of a module share one. */
const steadied = new WeakSet<Line>();

/**
 * UTF-16 code units of a cell's text, which a hostile program makes longer without end. No writing has so many: streams of
 * text may rely on 30 marks a character at most (https://unicode.org/reports/tr15/#Stream_Safe_Text_Format), and emoji are shorter.
 */
const longestCharacter = 64;

/** Puts right what lines do to their cells. */
export function steadyLines({ _bufferService: { buffer } }: Core): void {
  const kind = Object.getPrototypeOf(buffer.lines.get(0)) as Line;
  if (steadied.has(kind)) return;
  steadied.add(kind);
  insertBetweenCharacters(kind);
  copyCombined(kind);
  boundCharacters(kind);
}

/**
 * Has characters that are inserted in the middle of a wide one leave none of it; xterm pushes its second half away, which then
 * belongs to no first.
 */
function insertBetweenCharacters(kind: Line): void {
  const { insertCells } = kind;
  kind.insertCells = function (column, count, cell) {
    const pushed = isSecondHalf(this, column % this.length) ? (column % this.length) + count : this.length;
    insertCells.call(this, column, count, cell);
    if (pushed < this.length) this.setCell(pushed, cell);
  };
}

/** Has cells that move to another line take what combines with them along, and leave what the other line has beside them. */
function copyCombined(kind: Line): void {
  const { copyCellsFrom } = kind;
  kind.copyCellsFrom = function (source, from, to, count, inReverse) {
    const own = { ...this._combined };
    const moved = Object.entries(source._combined).map(([column, text]) => [Number(column) - from, text] as const);
    copyCellsFrom.call(this, source, from, to, count, inReverse);
    for (const [index, text] of moved) if (index >= 0 && index < count) own[to + index] = text;
    this._combined = own;
  };
}

/** Has what joins a character that has grown long enough left out. */
function boundCharacters(kind: Line): void {
  const { addCodepointToCell } = kind;
  kind.addCodepointToCell = function (column, codePoint, width) {
    const length = this.isCombined(column) ? this._combined[column]!.length : 0;
    // What makes it wide is kept: the columns must agree with the text.
    if (length < longestCharacter || width !== this.getWidth(column))
      addCodepointToCell.call(this, column, codePoint, width);
  };
}
