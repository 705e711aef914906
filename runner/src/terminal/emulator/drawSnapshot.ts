import { extendedAttributes, joinWidth } from "@cliscale/protocol";
import { charsetDesignator } from "./charsets.ts";
import { cellBits, type Charset, type Internals, type ScreenBuffer } from "./internals.ts";
import { firstLinkedLine } from "./linkedLines.ts";
import type { Memory } from "./memory.ts";
import { modeSequences } from "./modes.ts";
import { cellText, paintLines } from "./paintLines.ts";
import { createPen, type Pen } from "./pen.ts";
import { encodeWhole } from "./encodeWhole.ts";

/** Default columns between tab stops. */
const tabWidth = 8;

/**
 * Output that brings a terminal of this one's size, which has just been cleared, into this one's state: both screens with
 * their scrollback, cursors and saved cursors, and all modes. The state must be one between two sequences and characters.
 */
export function drawSnapshot(terminal: Internals, memory: Memory): Buffer {
  const pen = createPen(terminal._oscLinkService);
  const { normal, alt, active } = terminal._bufferService.buffers;
  const parts = [...drawBuffer(normal, terminal, pen)];
  if (active === alt) {
    parts.push(moveCursor(normal.x, normal.y, terminal), enterAlternate(pen), ...drawBuffer(alt, terminal, pen));
  } else if (hasSaved(alt)) {
    parts.push(enterAlternate(pen), saveCursor(alt, alt.savedY, terminal, pen), leaveAlternate);
  }
  parts.push(...memory.sequences(), ...finish(active, terminal, pen));
  return encodeWhole(parts);
}

const enterAlternate = (pen: Pen) => `${pen.selectErase(0)}\x1b[?47h\x1b[H`;
const leaveAlternate = "\x1b[?47l";

/** Lines, tab stops, saved cursor and scroll region. The cursor is left anywhere. */
function drawBuffer(buffer: ScreenBuffer, terminal: Internals, pen: Pen): string[] {
  const { cols: columns, rows } = terminal._bufferService;
  const { savedY, ybase } = buffer;
  const isAbove = savedY < ybase && hasSaved(buffer);
  const isBelow = savedY >= ybase + rows;
  const save = (row: number) => saveCursor(buffer, row, terminal, pen);
  const parts: string[] = [];
  if (isBelow) {
    // It was saved below lines that have been deleted since.
    parts.push(`\x1b[${rows}H`, "\n".repeat(savedY - rows + 1), save(rows - 1), "\x1b[3J\x1b[H");
  }
  const back = (row: number) => `${save(row)}\x1b[${row + 1}H`;
  parts.push(
    ...paintLines(buffer, {
      columns,
      rows,
      pen,
      linkedFrom: firstLinkedLine(buffer, terminal._oscLinkService),
      joining: terminal,
      save: isAbove ? { line: savedY, write: back } : undefined,
    }),
  );
  if (!isAbove && !isBelow && hasSaved(buffer)) parts.push(save(savedY - ybase));
  parts.push(tabStops(buffer, columns));
  if (buffer.scrollTop !== 0 || buffer.scrollBottom !== rows - 1) {
    parts.push(`\x1b[${buffer.scrollTop + 1};${buffer.scrollBottom + 1}r`);
  }
  return parts;
}

function hasSaved({ savedX, savedY, savedCurAttrData: { fg, bg }, savedCharset }: ScreenBuffer): boolean {
  return savedX !== 0 || savedY !== 0 || fg !== 0 || bg !== 0 || savedCharset !== undefined;
}

/** Saves the cursor as the buffer has it saved, in the given row of the screen. */
function saveCursor(buffer: ScreenBuffer, row: number, terminal: Internals, pen: Pen): string {
  const { savedX, savedCurAttrData: attributes, savedCharset } = buffer;
  const position = moveCursor(savedX, row, terminal);
  const saved = `${pen.select(attributes.fg, attributes.bg, undefined)}\x1b7`;
  if (savedCharset === undefined) return position + saved;
  return `${position}${designate(0, savedCharset)}${saved}${designate(0, undefined)}`;
}

/** Moves the cursor, into the screen where it is beyond it; not in origin mode. */
function moveCursor(x: number, y: number, { _bufferService: { cols, rows } }: Internals): string {
  return `\x1b[${Math.min(y, rows - 1) + 1};${Math.min(x, cols - 1) + 1}H`;
}

function tabStops({ tabs }: ScreenBuffer, columns: number): string {
  const stops = Array.from({ length: columns }, (_, column) => column).filter((column) => tabs[column]);
  const usual = Math.ceil(columns / tabWidth);
  if (stops.length === usual && stops.every((column) => column % tabWidth === 0)) return "";
  return `\x1b[3g${stops.map((column) => `\x1b[${column + 1}G\x1bH`).join("")}`;
}

/** The state that is not part of a buffer, and the cursor where drawing goes on. */
function finish(active: ScreenBuffer, terminal: Internals, pen: Pen): string[] {
  const joins = lastCharacterJoins(active, terminal);
  const { charset, _charsets: sets, glevel } = terminal._charsetService;
  // One that a restored cursor has brought back is in use whatever is designated.
  const isRestored = charset !== sets[glevel];
  if (isRestored) pen.forget();
  return [
    ...(isRestored ? [charsets(terminal), "\x1b8"] : []),
    ...placeCursor(active, terminal, pen, joins),
    isRestored ? "" : charsets(terminal),
    ...modeSequences(terminal),
    pen.selectCurrent(terminal._inputHandler._curAttrData),
    ...(joins ? reprint(active, terminal) : []),
  ];
}

function charsets({ _charsetService: { _charsets: sets, glevel } }: Internals): string {
  const designated = [0, 1, 2, 3].filter((level) => sets[level]).map((level) => designate(level, sets[level]));
  return designated.join("") + (["", "\x0e", "\x1bn", "\x1bo"][glevel] ?? "");
}

function designate(level: number, charset: Charset): string {
  return `\x1b${"()*+"[level]}${charsetDesignator(charset)}`;
}

/** Whether what comes next may join the character before the cursor, or repeat it. */
function lastCharacterJoins(active: ScreenBuffer, terminal: Internals): boolean {
  const width = lastWidth(terminal);
  if (width === 0 || active.x < width) return false;
  const line = active.lines.get(active.ybase + active.y);
  const content = line._data[3 * (active.x - width)]!;
  return (content & cellBits.hasContent) !== 0 && content >>> cellBits.widthShift === width;
}

/** Columns of the character that was printed last; 0 when something else came after it. */
function lastWidth({ _inputHandler }: Internals): number {
  return joinWidth(_inputHandler._parser.precedingJoinState);
}

/** Switches origin mode on where it is, and moves the cursor. */
function placeCursor(active: ScreenBuffer, terminal: Internals, pen: Pen, joins: boolean): string[] {
  const { cols: columns, buffers } = terminal._bufferService;
  const { origin } = terminal.coreService.decPrivateModes;
  const { scrollTop, scrollBottom, y } = active;
  const parts = [origin ? "\x1b[?6h" : ""];
  const x = joins ? active.x - lastWidth(terminal) : active.x;
  const isPending = x === columns;
  const isOutside = origin && (y < scrollTop || y > scrollBottom);
  const last = lastCell(active, terminal);
  const row = (origin ? y - scrollTop : y) + 1;
  // The cursor goes along, wherever it is, when the screen changes back to the normal one.
  if (active === buffers.normal && (isOutside || (isPending && !last))) {
    const pending = isPending ? `${pen.select(0, 0, undefined)}x` : "";
    return [...parts, "\x1b[?47h", moveCursor(x, y, terminal), pending, leaveAlternate];
  }
  if (!isPending) return [...parts, `\x1b[${row};${x + 1}H`];
  if (!last) return [...parts, `\x1b[${row};${columns}H`];
  return [...parts, `\x1b[${row};${last.column + 1}H`, selectCell(active, last.column, pen), last.text, "\0"];
}

/** The character in the last column of the cursor's row, which is drawn again to have the next one wrap. */
function lastCell(active: ScreenBuffer, terminal: Internals): { column: number; text: string } | undefined {
  const { cols: columns } = terminal._bufferService;
  const line = active.lines.get(active.ybase + active.y);
  const widthOf = (column: number) => line._data[3 * column]! >>> cellBits.widthShift;
  const hasContent = (column: number) => (line._data[3 * column]! & cellBits.hasContent) !== 0;
  const last = columns - 1;
  if (hasContent(last)) return { column: last, text: cellText(line, last) };
  return widthOf(last - 1) === 2 ? { column: last - 1, text: cellText(line, last - 1) } : undefined;
}

function selectCell(active: ScreenBuffer, column: number, pen: Pen): string {
  const line = active.lines.get(active.ybase + active.y);
  const [fg, bg] = [line._data[3 * column + 1]!, line._data[3 * column + 2]!];
  return pen.select(fg, bg, extendedAttributes(line, column));
}

/**
 * Prints the character before the cursor again, with the pen that it has been drawn with. In the middle of a grapheme cluster
 * that is as much of it as there is, so that the rest joins it.
 */
function reprint(active: ScreenBuffer, terminal: Internals): string[] {
  const text = cellText(active.lines.get(active.ybase + active.y), active.x - lastWidth(terminal));
  // In insert mode its first code point pushes the rest of the row away, for which it makes room. Those that join it and make it
  // wider push nothing.
  const pushed = joinWidth(terminal.unicodeService.charProperties(text.codePointAt(0)!, 0));
  return [terminal.coreService.modes.insertMode ? `\x1b[${pushed}P` : "", text];
}
