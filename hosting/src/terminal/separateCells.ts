import { joiningOf, wouldJoin } from "@cliscale/protocol";
import type { IBuffer, IBufferLine, Terminal as Xterm } from "@xterm/xterm";

/** Designates ASCII, which is what text is in already: like any sequence it has nothing join across it. */
const apart = "\x1b(B";

/** A buffer whose characters, printed one after the other, come to stand in cells of their own as they do in it. */
export function withSeparateCells(xterm: Xterm, buffer: IBuffer): IBuffer {
  const joining = joiningOf(xterm);
  const before = buffer.getNullCell();

  /** The character that would be printed right before the one in a column; empty where there is none. */
  const characterBefore = (row: number, column: number): string => {
    const line = buffer.getLine(row);
    if (column === 0) return line?.isWrapped ? lastCharacter(row - 1) : "";
    return line ? characterAt(line, column - 1) : "";
  };
  const characterAt = (line: IBufferLine, column: number): string => {
    line.getCell(column, before);
    if (before.getWidth() === 0) line.getCell(column - 1, before);
    return before.getChars();
  };
  /** A row's last column is empty where a wide character did not fit. */
  const lastCharacter = (row: number): string => {
    const line = buffer.getLine(row);
    return line ? characterAt(line, line.length - 1) || characterAt(line, line.length - 2) : "";
  };

  const getLine: IBuffer["getLine"] = (row) => {
    const line = buffer.getLine(row);
    if (!line) return undefined;
    const getCell: IBufferLine["getCell"] = (column, given) => {
      const cell = line.getCell(column, given);
      if (!cell) return undefined;
      // Cells are used again and again.
      Reflect.deleteProperty(cell, "getChars");
      const text = cell.getChars();
      if (text !== "" && wouldJoin(characterBefore(row, column), text, joining)) cell.getChars = () => apart + text;
      return cell;
    };
    return Object.create(line, { getCell: { value: getCell } }) as IBufferLine;
  };
  return Object.create(buffer, { getLine: { value: getLine } }) as IBuffer;
}
