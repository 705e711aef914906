// What two terminals are compared by: everything that a user sees, or that decides what comes of what a program draws next.
import type {
  Attributes,
  ExtendedAttributes,
  Internals,
  Line,
  ScreenBuffer,
} from "../../../../runner/src/terminal/emulator/internals.ts";

export interface TerminalState {
  size: { columns: number; rows: number };
  active: "normal" | "alternate";
  normal: BufferState;
  alternate: BufferState;
  pen: string;
  modes: Record<string, unknown>;
}

export interface BufferState {
  /** Whether each line of scrollback and screen continues the one above, and its cells. */
  lines: string[];
  /** Lines above the screen. */
  base: number;
  cursor: { x: number; y: number } | undefined;
  saved: string;
  region: string;
  tabs: string;
}

/**
 * Reads the state of an xterm, headless or a browser's. The function stands alone, so that its source can be run in a page.
 */
export function readState(terminal: object): TerminalState {
  const core = (terminal as { _core: Internals })._core;
  const { cols: columns, rows, buffers } = core._bufferService;
  const hasExtended = 0x10000000;
  const isUnderlined = 0x10000000;

  const colour = (value: number) => {
    const mode = (value >>> 24) & 3;
    return mode === 0 ? "-" : `${mode}:${(value & (mode === 3 ? 0xffffff : 0xff)).toString(16)}`;
  };
  const look = (fg: number, bg: number, extended: ExtendedAttributes | undefined) => {
    const isExtended = (bg & hasExtended) !== 0 && extended;
    const style = isExtended ? (extended as unknown as { underlineStyle: number }).underlineStyle : 1;
    const underline = fg & isUnderlined ? style : 0;
    const link = isExtended && extended.urlId ? core._oscLinkService.getLinkData(extended.urlId) : undefined;
    const flags = `${((fg >>> 26) & ~4).toString(16)},${((bg >>> 26) & ~4).toString(16)}`;
    const under = underline ? `u${underline}${isExtended ? colour(extended.underlineColor) : "-"}` : "";
    return `${colour(fg)}/${colour(bg)}/${flags}${under}${link ? `[${link.id ?? ""} ${link.uri}]` : ""}`;
  };
  const lookOf = ({ fg, bg, extended }: Attributes) => look(fg, bg, extended);
  const plain = look(0, 0, undefined);
  const cellOf = (line: Line, column: number) => {
    const content = line._data[3 * column]!;
    const bg = line._data[3 * column + 2]!;
    const looks = look(line._data[3 * column + 1]!, bg, bg & hasExtended ? line._extendedAttrs[column] : undefined);
    const width = content >>> 22;
    // An empty cell is not a space: lines are laid out anew without the empty cells at their ends.
    const single = content & 0x1fffff ? String.fromCodePoint(content & 0x1fffff) : "∅";
    const text = content & 0x200000 ? line._combined[column] : single;
    return `${text}${width === 1 ? "" : `{${width}}`}${looks === plain ? "" : `<${looks}>`}`;
  };
  const lineOf = (line: Line) => {
    let text = line.isWrapped ? "↪" : "|";
    for (let column = 0; column < Math.min(columns, line.length); column++) text += cellOf(line, column);
    return text.replace(/∅+$/, "");
  };
  const bufferOf = (buffer: ScreenBuffer) => ({
    lines: Array.from({ length: buffer.lines.length }, (_, index) => lineOf(buffer.lines.get(index))),
    base: buffer.ybase,
    cursor: buffer === buffers.active ? { x: buffer.x, y: buffer.y } : undefined,
    saved: [
      Math.min(buffer.savedX, columns - 1),
      Math.min(buffer.savedY - buffer.ybase, rows - 1),
      look(buffer.savedCurAttrData.fg, buffer.savedCurAttrData.bg & ~hasExtended, undefined),
      JSON.stringify(buffer.savedCharset ?? null),
    ].join(" "),
    region: `${buffer.scrollTop}-${buffer.scrollBottom}`,
    tabs: Object.keys(buffer.tabs)
      .filter((column) => buffer.tabs[Number(column)] && Number(column) < columns)
      .join(" "),
  });
  const charsets = core._charsetService;
  return {
    size: { columns, rows },
    active: buffers.active === buffers.normal ? "normal" : "alternate",
    normal: bufferOf(buffers.normal),
    alternate: bufferOf(buffers.alt),
    pen: lookOf(core._inputHandler._curAttrData),
    modes: {
      ...core.coreService.decPrivateModes,
      insert: core.coreService.modes.insertMode,
      newLine: core.optionsService.options.convertEol,
      isCursorHidden: core.coreService.isCursorHidden,
      mouse: core.coreMouseService.activeProtocol,
      mouseEncoding: core.coreMouseService.activeEncoding,
      charsets: JSON.stringify([0, 1, 2, 3].map((level) => charsets._charsets[level] ?? null)),
      level: charsets.glevel,
      charset: JSON.stringify(charsets.charset ?? null),
      // The lowest bit and those above it tell how the state came to be, and nothing of what it leads to.
      joins: core._inputHandler._parser.precedingJoinState & 0x7e,
      parser: core._inputHandler._parser.currentState,
    },
  };
}

/** In what two states differ, a line each; empty when they are the same. */
export function differences(one: unknown, other: unknown, path = ""): string[] {
  if (Object.is(one, other)) return [];
  const areObjects = typeof one === "object" && typeof other === "object" && one && other;
  if (!areObjects) return [`${path}: ${JSON.stringify(one)} is not ${JSON.stringify(other)}`];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) =>
    differences((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name], `${path}.${name}`),
  );
}
