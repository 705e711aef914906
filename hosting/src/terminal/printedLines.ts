import type { IBuffer } from "@xterm/xterm";

/** Rows of a terminal as lines, as they were printed: what goes on in the next row is put together. `end` is not among them. */
export function printedLines(buffer: IBuffer, begin: number, end: number): string[] {
  const lines: string[] = [];
  for (let row = begin; row < end; row++) {
    const line = buffer.getLine(row)!;
    const isContinued = buffer.getLine(row + 1)?.isWrapped ?? false;
    const text = line.translateToString(!isContinued);
    if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
    else lines.push(text);
  }
  return lines;
}
