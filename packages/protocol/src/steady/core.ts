// What steadying an xterm.js needs of its inside. The version is pinned: https://github.com/xtermjs/xterm.js/tree/6.0.0/src/common.

export interface Line {
  length: number;
  /** Three numbers a cell: content and width, foreground and flags, background and flags. */
  _data: Uint32Array;
  /** By column, what its cells have beside colours and flags; some of it may be of cells that are no more. */
  _extendedAttrs: Record<number, Extended | undefined>;
  /** By column, the texts of cells that hold more than one character; some of it may be of cells that are no more. */
  _combined: Record<number, string>;
  /** Copies so many cells of a line, perhaps this one. */
  copyCellsFrom(source: Line, from: number, to: number, count: number, inReverse: boolean): void;
  /** Pushes the cells from a column on to the right. */
  insertCells(column: number, count: number, cell: unknown): void;
  resize(columns: number, cell: unknown): unknown;
  /** Joins a character to the one in a cell, which has so many columns then. */
  addCodepointToCell(column: number, codePoint: number, width: number): void;
  isCombined(column: number): number;
  getWidth(column: number): number;
  hasContent(column: number): number;
  setCell(column: number, cell: unknown): void;
}

export interface Extended {
  urlId: number;
  underlineStyle: number;
  underlineColor: number;
  clone(): Extended;
}

export interface Attributes {
  fg: number;
  extended: Extended;
  updateExtended(): void;
}

/** A designated set of characters; undefined for the usual one. */
export type Charset = Record<string, string> | undefined;

export interface ScreenBuffer {
  /** As many as there are columns when the next character wraps. */
  x: number;
  y: number;
  ybase: number;
  savedX: number;
  savedY: number;
  /** The character set that was in use when the cursor was saved. */
  savedCharset: Charset;
  tabs: Record<number, boolean>;
  lines: { length: number; maxLength: number; get(index: number): Line | undefined };
  getNullCell(): unknown;
}

/** A link's address, and the name by which its parts belong together. */
export interface LinkData {
  id?: string;
  uri: string;
}

export interface Core {
  _bufferService: {
    cols: number;
    rows: number;
    buffer: ScreenBuffer;
    buffers: { normal: ScreenBuffer; alt: ScreenBuffer; active: ScreenBuffer };
  };
  _charsetService: { charset: Charset; glevel: number; setgLevel(level: number): void };
  _inputHandler: {
    _curAttrData: Attributes;
    _parser: {
      precedingJoinState: number;
      _oscParser: PayloadParser;
      _dcsParser: PayloadParser;
    };
    _eraseInBufferLine(row: number, start: number, end: number, clearWrap: boolean, respectProtect: boolean): void;
    _resetBufferLine(row: number, respectProtect: boolean): void;
    print(characters: Uint32Array, start: number, end: number): void;
    saveCursor(parameters?: unknown): boolean;
    restoreCursor(parameters?: unknown): boolean;
    tabSet(): boolean;
    screenAlignmentPattern(): boolean;
    _setCursor(x: number, y: number): void;
    resetModePrivate(parameters: unknown): boolean;
  } & Record<ErasingHandler, (parameters: unknown, respectProtect?: boolean) => boolean>;
  _oscLinkService: {
    registerLink(data: LinkData): number;
    addLineToLink(id: number, row: number): void;
    getLinkData(id: number): LinkData | undefined;
  };
  coreService: { decPrivateModes: { wraparound: boolean; origin: boolean } };
  unicodeService: {
    /** What a character does behind one with these properties; 0 behind none. Holds its width, and whether it joins. */
    charProperties(codePoint: number, before: number): number;
  };
}

/** Hands the payload of a kind of sequence to what handles it, by the number of the sequence. */
export interface PayloadParser {
  _handlers: Record<number, PayloadHandler[]>;
}

/** Collects the payload of a sequence, piece by piece, for what handles it. */
export interface PayloadHandler {
  _data: string;
  /** The payload is too long, and what comes of it is left out. */
  _hitLimit: boolean;
  put(characters: Uint32Array, start: number, end: number): void;
}

/** What may leave a cursor that is about to wrap behind an empty cell. */
export type ErasingHandler =
  | "eraseInLine"
  | "eraseInDisplay"
  | "insertColumns"
  | "deleteColumns"
  | "scrollLeft"
  | "scrollRight"
  | "scrollUp"
  | "scrollDown"
  | "setModePrivate";

/** An xterm, with or without a screen. */
export interface XtermLike {
  readonly parser: {
    registerCsiHandler(
      id: { prefix?: string; final: string },
      callback: (parameters: (number | number[])[]) => boolean,
    ): unknown;
  };
  loadAddon(addon: { activate(terminal: never): void; dispose(): void }): void;
  onResize(listener: () => void): unknown;
}

/** Whether a cell is the second half of a wide character. */
export function isSecondHalf(line: Line, column: number): boolean {
  return line.getWidth(column) === 0 && !line.hasContent(column);
}

/**
 * The flag of a cell's background by which it has extended attributes:
 * https://github.com/xtermjs/xterm.js/blob/6.0.0/src/common/buffer/Constants.ts
 */
export const hasExtended = 0x10000000;

/** What a cell has beside its three numbers; what is kept of a cell that is no more does not count. */
export function extendedAttributes<Kept>(
  line: { readonly _data: Uint32Array; readonly _extendedAttrs: Readonly<Record<number, Kept | undefined>> },
  column: number,
): Kept | undefined {
  return line._data[3 * column + 2]! & hasExtended ? line._extendedAttrs[column] : undefined;
}
