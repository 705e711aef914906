import type { Internals } from "./internals.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const backspace = 0x08;
const escape = 0x1b;
const c1Lead = 0xc2;
/** Less output than this is drawn as it is, in bytes. */
export const worthwhileBytes = 64 * 1024;
/** Bytes of characters, and controls that do something only within a row: BEL, HT, CR, and NUL; LF is counted. */
const isInRow = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= 0x20 ? byte !== c1Lead : [0x00, 0x07, 0x09, lineFeed, carriageReturn].includes(byte)),
);
/** Final bytes of sequences that do something only within a row: `@`, C, D, G, K, P, X; and `m`. */
const isRowFinal = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number("@CDGKPXm".includes(String.fromCharCode(byte))),
);
const select = 0x6d;
/** Where the last reset of the pen is looked for first, in bytes from the end. */
const nearBytes = 4096;

/** Output of which nothing is left but the pen. */
export interface Forgotten {
  /** So many bytes at the start need not be drawn. */
  length: number;
  /** What selects the pen that they leave. */
  pen: string;
  /** Before so many bytes are drawn it is of no use to look again. */
  examined: number;
}

/**
 * Finds what scrolls away: where lines follow each other and nothing else happens, only as many of them matter as a terminal
 * keeps. So a flood costs a fraction of what drawing it would. The terminal must be between two sequences.
 */
export function findForgotten(bytes: Buffer, terminal: Internals, scrollbackLines: number): Forgotten {
  const { buffers, rows } = terminal._bufferService;
  const { normal, active } = buffers;
  const scrolls = active === normal && normal.scrollTop === 0 && normal.scrollBottom === rows - 1;
  if (!scrolls) return { length: 0, pen: "", examined: worthwhileBytes };
  const end = endOfRows(bytes, terminal.coreService.decPrivateModes.reverseWraparound);
  const length = end < worthwhileBytes ? 0 : startOfLines(bytes, end, scrollbackLines + rows + 1);
  return { length, pen: penAfter(bytes, length), examined: end + 1 };
}

/** How far output does nothing but draw rows, one below the other. */
function endOfRows(bytes: Uint8Array, backspaceLeavesRow: boolean): number {
  const { length } = bytes;
  let index = 0;
  for (;;) {
    while (index < length && isInRow[bytes[index]!]) index++;
    if (index >= length) return length;
    const end = bytes[index] === backspace && !backspaceLeavesRow ? index + 1 : endOfRowSequence(bytes, index);
    if (end === -1) return index;
    index = end;
  }
}

/** The end of a sequence or of a character of two bytes that does something only within a row; -1 for others, or but a part. */
function endOfRowSequence(bytes: Uint8Array, start: number): number {
  // The C1 controls begin with it.
  if (bytes[start] === c1Lead) return (bytes[start + 1] ?? 0) < 0xa0 ? -1 : start + 2;
  if (bytes[start] !== escape || bytes[start + 1] !== 0x5b) return -1;
  let index = start + 2;
  // Digits, colons and semicolons.
  while (index < bytes.length && bytes[index]! >= 0x30 && bytes[index]! <= 0x3b) index++;
  return index < bytes.length && isRowFinal[bytes[index]!] ? index + 1 : -1;
}

/** Where so many lines before the end begin, the first of them in the first column; 0 when there are not as many. */
function startOfLines(bytes: Uint8Array, end: number, lines: number): number {
  let feeds = 0;
  for (let index = end - 1; index > 0; index--) {
    if (bytes[index] !== lineFeed) continue;
    if (feeds >= lines && bytes[index - 1] === carriageReturn) return index + 1;
    feeds++;
  }
  return 0;
}

/** Where the pen was reset last in a part of the bytes; -1 where it was not. */
function lastReset(bytes: Buffer, from: number, to: number): number {
  const start = Math.max(from, 0);
  const part = bytes.subarray(start, Math.max(to, start));
  const index = Math.max(
    part.lastIndexOf("\x1b[m", undefined, "latin1"),
    part.lastIndexOf("\x1b[0m", undefined, "latin1"),
  );
  return index === -1 ? -1 : start + index;
}

/** The sequences for the pen since the last one that reset it. */
function penAfter(bytes: Buffer, length: number): string {
  const near = lastReset(bytes, length - nearBytes, length);
  const start = near === -1 ? Math.max(lastReset(bytes, 0, length), 0) : near;
  let pen = "";
  for (
    let index = bytes.indexOf(escape, start);
    index !== -1 && index < length;
    index = bytes.indexOf(escape, index + 1)
  ) {
    const end = endOfRowSequence(bytes, index);
    if (bytes[end - 1] === select) pen += bytes.toString("latin1", index, end);
  }
  return pen;
}
