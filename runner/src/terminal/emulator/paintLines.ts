import { extendedAttributes, type Joining, wouldJoin } from "@cliscale/protocol";
import { cellBits, type Line, type ScreenBuffer } from "./internals.ts";
import type { Pen } from "./pen.ts";

/** A character of two columns, where only its width matters. */
const wide = "\u3000";

const { background } = cellBits;
/** The upper half of such a cell's content. */
const singleWidth = 1 << (cellBits.widthShift - 16);
/** The content of an empty cell. */
const emptyCell = 1 << cellBits.widthShift;
const plainBackground = cellBits.colourMode | cellBits.rgbMask;

export interface PaintOptions {
  columns: number;
  rows: number;
  pen: Pen;
  /** Lines from this one on have their links. */
  linkedFrom: number;
  /** How characters join. */
  joining: Joining;
  /** Writes what saves the cursor while a line above the screen, by its index, is in the given row of the screen. */
  save?: { line: number; write: (row: number) => string } | undefined;
}

/**
 * Writes what draws all lines of a buffer, cell by cell, on a blank screen with the cursor in its first cell. Every piece is
 * made the way in which programs make it, since a sequence can do only so much: a line is marked as wrapped by wrapping into
 * it, a cell is empty because nothing was drawn there, it was erased, or half of a wide character was overwritten. Neighbours
 * that would join each other, and do not, are kept apart by a zero byte, which draws nothing.
 */
export function paintLines(buffer: ScreenBuffer, options: PaintOptions): string[] {
  const { columns, rows, pen, linkedFrom, joining, save } = options;
  const parts: string[] = [];
  let line: Line = buffer.lines.get(0);
  /** Where the cursor is; `columns` when the next character wraps. */
  let cursor = 0;
  /** Columns before this one have been drawn on already, and must be erased where nothing belongs. */
  let touched = 0;

  /** What has been written for the current line. */
  let written = "";
  /** The character at its end; empty behind what is none. */
  let last = "";
  const put = (control: string) => {
    if (control === "") return;
    written += control;
    last = "";
  };
  const moveTo = (column: number) => {
    if (column === cursor) return;
    put(column === 0 ? "\r" : cursor < column ? `\x1b[${column - cursor}C` : `\x1b[${column + 1}G`);
    cursor = column;
  };
  const print = (text: string, width: number, select: string, end = text) => {
    put(select);
    written += apart(last, text) + text;
    last = end;
    cursor += width;
  };
  const apart = (before: string, text: string) => (wouldJoin(before, text, joining) ? "\0" : "");

  const contentOf = (column: number) => line._data[3 * column]!;
  const widthOf = (column: number) => contentOf(column) >>> cellBits.widthShift;
  const hasContent = (column: number) => (contentOf(column) & cellBits.hasContent) !== 0;
  const extendedOf = (column: number) => extendedAttributes(line, column);
  const selectOf = (column: number) =>
    pen.select(line._data[3 * column + 1]!, line._data[3 * column + 2]!, extendedOf(column));
  const textOf = (column: number) => cellText(line, column);
  /** The second half of a wide character. */
  const isTail = (column: number) => widthOf(column) === 0 && !hasContent(column);
  /** Whether erasing leaves a cell like this. */
  const isErased = (column: number) =>
    line._data[3 * column + 1] === 0 && (line._data[3 * column + 2]! & ~plainBackground) === 0;
  const hasColour = (column: number) => (line._data[3 * column + 2]! & cellBits.colourMode) !== 0;

  /** Draws the columns from one on, up to another. */
  const paint = (from: number, to: number) => {
    for (let column = from; column < to;) {
      const end = endOfRun(column, to);
      column = end > column ? printRun(column, end) : paintCell(column);
    }
  };

  /** The end of a run of single characters, one column wide, with the same attributes: most of what there is. */
  const endOfRun = (from: number, to: number): number => {
    const data = line._data;
    const fg = data[3 * from + 1]!;
    const bg = data[3 * from + 2]!;
    if (bg & background.hasExtended) return from;
    let end = from;
    while (end < to && isSingle(data[3 * end]!) && data[3 * end + 1] === fg && data[3 * end + 2] === bg) end++;
    return end;
  };

  const printRun = (from: number, to: number): number => {
    let text = "";
    let end = "";
    for (let column = from; column < to; column++) {
      const character = String.fromCharCode(line._data[3 * column]! & 0xffff);
      text += apart(end, character) + character;
      end = character;
    }
    moveTo(from);
    print(text, to - from, selectOf(from), end);
    return to;
  };

  /** Draws what is in a cell, and returns the next column. */
  const paintCell = (column: number): number => {
    const width = widthOf(column);
    if (hasContent(column) && column + width <= columns) return printCell(column, width);
    if (isStrayHead(column)) return paintStrayHeads(column);
    return eraseCells(column);
  };

  const printCell = (column: number, width: number) => {
    moveTo(column);
    print(textOf(column), width, selectOf(column));
    return column + width;
  };

  /** Erases the cells that follow with the same background, where they do not look so yet. */
  const eraseCells = (column: number) => {
    const bg = line._data[3 * column + 2]!;
    let end = column;
    while (end < columns && widthOf(end) === 1 && !hasContent(end) && isErased(end) && line._data[3 * end + 2] === bg) {
      end++;
    }
    const needed = hasColour(column) ? end : Math.min(end, touched);
    if (needed > column) {
      moveTo(column);
      put(`${pen.selectErase(bg)}\x1b[${needed - column}X`);
    }
    return end;
  };

  /** An empty cell that has kept a pen's attributes: the first half of a wide character whose second was overwritten. */
  const isStrayHead = (column: number) => widthOf(column) > 0 && !hasContent(column) && !isErased(column);

  /** Draws the stray heads from a column on, and returns the column behind them. */
  const paintStrayHeads = (column: number): number => {
    let end = column;
    while (end < columns && isStrayHead(end)) end++;
    // The last column has none behind it that could overwrite: there they are pushed.
    const pushed = end === columns ? 1 : 0;
    for (let at = column; at < end; at++) {
      moveTo(at - pushed);
      print(wide, 2, pen.select(0, 0, undefined));
      moveTo(at - pushed + 1);
      print("x", 1, selectOf(at));
    }
    touched = end + 1;
    if (pushed) {
      moveTo(column - 1);
      put(`${pen.selectErase(0)}\x1b[@`);
      repaint(column - 1);
    }
    return end;
  };

  /** Draws one cell again that something else was drawn over. */
  const repaint = (column: number) => {
    const first = isTail(column) && column > 0 ? column - 1 : column;
    paint(first, column + 1);
  };

  /** Moves to the first cell of the next line, scrolling where it is below the screen. */
  const breakLine = () => {
    put(`${pen.selectErase(0)}\r\n`);
    cursor = 0;
  };

  /** Moves into the next line as a character does that does not fit into this one. */
  const wrapLine = (previous: Line, saveHere: (() => string) | undefined) => {
    const wraps = hasContent(0);
    const isEarly =
      cursor < columns &&
      widthOf(0) === 2 &&
      isSameCell(previous, columns - 1, line, 0) &&
      previous._data[3 * (columns - 1)]! >>> 0 === emptyCell;
    if (!saveHere && wraps && (cursor === columns || isEarly)) {
      if (isEarly) moveTo(columns - 1);
      cursor = 0;
      print(textOf(0), widthOf(0), selectOf(0));
      // The line that scrolled in has the character's background.
      if (hasColour(0)) put(`${pen.selectErase(0)}\x1b[K`);
      return paint(widthOf(0), columns);
    }
    const mends = cursor < columns;
    if (mends) {
      moveTo(columns - 1);
      print("x", 1, pen.select(0, 0, undefined));
    }
    cursor = 0;
    print("x", 1, pen.select(0, 0, undefined));
    if (mends && rows > 1) mend(previous);
    moveTo(0);
    touched = 1;
    if (saveHere) put(saveHere());
    paint(0, columns);
  };

  /** Draws the last cell of the line above again. */
  const mend = (previous: Line) => {
    const current = line;
    line = previous;
    put("\x1b[A");
    touched = columns;
    moveTo(columns - 1);
    paint(columns - 1, columns);
    line = current;
    put("\x1b[B\r");
    cursor = 0;
  };

  for (let index = 0; index < buffer.lines.length; index++) {
    const previous = line;
    line = buffer.lines.get(index);
    parts.push(written);
    written = "";
    pen.showLinks(index >= linkedFrom);
    const saveHere = save?.line === index ? () => save.write(Math.min(index, rows - 1)) : undefined;
    touched = 0;
    if (line.isWrapped && index > 0) {
      wrapLine(previous, saveHere);
      continue;
    }
    if (index > 0) breakLine();
    if (line.isWrapped) {
      put(pen.selectErase(0) + wrappedFromNowhere(columns, rows));
      touched = 1;
    }
    if (saveHere) put(saveHere());
    paint(0, columns);
  }
  pen.showLinks(true);
  parts.push(written);
  return parts;
}

/** The line that the first one continues has been deleted: it is drawn, scrolled away, and deleted here too. */
function wrappedFromNowhere(columns: number, rows: number): string {
  return `${"x".repeat(columns + 1)}${rows > 1 ? `\x1b[${rows}H\n` : ""}\x1b[3J\x1b[H`;
}

/** The text in a cell: a character and what combines with it. */
export function cellText(line: Line, column: number): string {
  const content = line._data[3 * column]!;
  if (content & cellBits.isCombined) return line._combined[column] ?? "";
  const codePoint = content & cellBits.codePoint;
  return codePoint ? String.fromCodePoint(codePoint) : "";
}

/** A cell of one column with one character of the Basic Multilingual Plane. */
function isSingle(content: number): boolean {
  return content >>> 16 === singleWidth && (content & 0xffff) !== 0;
}

/** Whether two cells have the same attributes. */
function isSameCell(line: Line, column: number, other: Line, otherColumn: number): boolean {
  return (
    line._data[3 * column + 1] === other._data[3 * otherColumn + 1] &&
    line._data[3 * column + 2] === other._data[3 * otherColumn + 2] &&
    extendedAttributes(line, column) === extendedAttributes(other, otherColumn)
  );
}
