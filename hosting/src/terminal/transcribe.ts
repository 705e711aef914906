import type { IBuffer, IBufferCell, Terminal as Xterm } from "@xterm/xterm";
import { printedLines } from "./printedLines.ts";
import { withSeparateCells } from "./separateCells.ts";

export type TranscriptForm = "text" | "ansi" | "html";

/** All that a terminal holds: the normal screen with what is above it, then the alternate one where a program shows it. */
export async function transcribe(xterm: Xterm, form: TranscriptForm): Promise<string> {
  const { normal, active } = xterm.buffer;
  const buffers = [normal, ...(active === normal ? [] : [active])];
  if (form === "text") return buffers.map(textOf).join("");
  const { SerializeAddon } = await import("@xterm/addon-serialize");
  const parts = buffers.map((buffer) => {
    const serializer = new SerializeAddon();
    serializer.activate(showingOnly(xterm, buffer, form));
    const end = usedLines(buffer) - 1;
    if (end < 0) return "";
    if (form === "html") {
      const range = { startLine: 0, startCol: 0, endLine: end };
      return fragmentOf(serializer.serializeAsHTML({ includeGlobalBackground: true, range }));
    }
    return `${serializer.serialize({ excludeModes: true, excludeAltBuffer: true, range: { start: 0, end } })}\x1b[m\r\n`;
  });
  return form === "html" ? htmlPage(parts.join("\n")) : parts.join("");
}

function textOf(buffer: IBuffer): string {
  return printedLines(buffer, 0, usedLines(buffer))
    .map((line) => `${line}\n`)
    .join("");
}

/** Up to the last line that has anything on it. */
function usedLines(buffer: IBuffer): number {
  let used = buffer.length;
  while (used > 0 && buffer.getLine(used - 1)!.translateToString(true) === "") used--;
  return used;
}

/** The terminal as it would be if it had this screen only. */
function showingOnly(xterm: Xterm, buffer: IBuffer, form: "ansi" | "html"): Xterm {
  const shown = form === "html" ? withEscapedCells(buffer) : withSeparateCells(xterm, buffer);
  return Object.create(xterm, { buffer: { value: { normal: shown, alternate: shown, active: shown } } }) as Xterm;
}

/** The addon escapes a "<" that is alone in its cell, and some characters share the cell of the one that follows. */
function withEscapedCells(buffer: IBuffer): IBuffer {
  const getNullCell = () => {
    const cell: IBufferCell = buffer.getNullCell();
    const getChars = cell.getChars.bind(cell);
    cell.getChars = () => getChars().replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    return cell;
  };
  return Object.create(buffer, { getNullCell: { value: getNullCell } }) as IBuffer;
}

function fragmentOf(html: string): string {
  return html.split("<!--StartFragment-->", 2)[1]!.split("<!--EndFragment-->", 1)[0]!;
}

/** A page that could load or run nothing, whatever was in it. */
function htmlPage(body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Transcript</title>
</head>
<body>
${body}
</body>
</html>
`;
}
