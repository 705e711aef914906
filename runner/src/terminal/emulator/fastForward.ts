import type { Internals } from "./internals.ts";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const backspace = 0x08;
const escape = 0x1b;
/** Below this output is drawn as it is, in bytes. */
const worthwhileBytes = 64 * 1024;
/** Controls that do something only within a row: BEL, HT, CR, and those without effect. LF is counted. */
const rowControls = new Set([0x00, 0x07, 0x09, 0x0a, 0x0d]);
/** Final bytes of sequences that do something only within a row: `@`, C, D, G, K, P, X; and `m`. */
const rowFinals = new Set([0x40, 0x43, 0x44, 0x47, 0x4b, 0x50, 0x58, 0x6d]);
const select = 0x6d;

/** Output of which nothing is left but the pen. */
export interface Forgotten {
  /** So many bytes at the start need not be drawn. */
  length: number;
  /** What selects the pen that they leave. */
  pen: string;
}

/**
 * Finds what scrolls away: where lines follow each other and nothing else happens, only as many of them matter as a terminal
 * keeps. So a flood costs a fraction of what drawing it would. The terminal must be between two sequences.
 */
export function findForgotten(bytes: Uint8Array, terminal: Internals, scrollbackLines: number): Forgotten | undefined {
  const { buffers, rows } = terminal._bufferService;
  const { normal, active } = buffers;
  const scrolls = active === normal && normal.scrollTop === 0 && normal.scrollBottom === rows - 1;
  if (!scrolls || bytes.length < worthwhileBytes) return undefined;
  const end = endOfRows(bytes, terminal.coreService.decPrivateModes.reverseWraparound);
  const length = startOfLines(bytes, end, scrollbackLines + rows + 1);
  return length < worthwhileBytes ? undefined : { length, pen: penAfter(bytes, length) };
}

/** How far output does nothing but draw rows, one below the other. */
function endOfRows(bytes: Uint8Array, backspaceLeavesRow: boolean): number {
  let index = 0;
  while (index < bytes.length) {
    const byte = bytes[index]!;
    if (byte >= 0x20 && byte !== 0xc2) index++;
    else if (byte === escape) {
      const end = endOfRowSequence(bytes, index);
      if (end === -1) return index;
      index = end;
    } else if (byte === 0xc2) {
      // The C1 controls begin with it.
      if ((bytes[index + 1] ?? 0) < 0xa0) return index;
      index += 2;
    } else if (rowControls.has(byte) || (byte === backspace && !backspaceLeavesRow)) index++;
    else return index;
  }
  return index;
}

/** The end of a sequence that does something only within a row; -1 for others, and when it is not whole. */
function endOfRowSequence(bytes: Uint8Array, start: number): number {
  if (bytes[start + 1] !== 0x5b) return -1;
  let index = start + 2;
  // Digits, colons and semicolons.
  while (index < bytes.length && bytes[index]! >= 0x30 && bytes[index]! <= 0x3b) index++;
  return index < bytes.length && rowFinals.has(bytes[index]!) ? index + 1 : -1;
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

/** The sequences since the last that reset the pen. */
function penAfter(bytes: Uint8Array, length: number): string {
  let pen: string[] = [];
  for (let index = bytes.indexOf(escape); index !== -1 && index < length; index = bytes.indexOf(escape, index + 1)) {
    const end = endOfRowSequence(bytes, index);
    if (bytes[end - 1] !== select) continue;
    const sequence = Buffer.from(bytes.subarray(index, end)).toString("latin1");
    if (sequence === "\x1b[m" || sequence === "\x1b[0m") pen = [sequence];
    else pen.push(sequence);
  }
  return pen.join("");
}
