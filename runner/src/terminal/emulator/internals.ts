import { hasExtended, type Joining } from "@cliscale/protocol";
import type { Terminal } from "@xterm/headless";

// What a snapshot needs of xterm.js 6.0 and its public API leaves out: https://github.com/xtermjs/xterm.js/tree/6.0.0/src/common.
// The version is pinned, and the tests compare a restored terminal with its original through these same fields.

/** Attributes that are too rare for a cell's two numbers; immutable. */
export interface ExtendedAttributes {
  /** The underline's style in bits 26 to 28. */
  readonly _ext: number;
  /** A colour as in a cell's foreground; 0 for that of the text. */
  readonly underlineColor: number;
  readonly urlId: number;
}

/** The pen that is drawn with. */
export interface Attributes {
  readonly fg: number;
  readonly bg: number;
  readonly extended: ExtendedAttributes;
}

/** A row of cells. */
export interface Line {
  /** May exceed the terminal's columns, in the alternate screen of a terminal that has shrunk. */
  readonly length: number;
  readonly isWrapped: boolean;
  /** Three numbers a cell: content and width, foreground, background, as `cellBits` tells. */
  readonly _data: Uint32Array;
  readonly _combined: Readonly<Record<number, string>>;
  readonly _extendedAttrs: Readonly<Record<number, ExtendedAttributes | undefined>>;
}

export type Charset = Readonly<Record<string, string>> | undefined;

/** The normal or the alternate screen. */
export interface ScreenBuffer {
  /** As many as there are columns when the next character wraps. */
  readonly x: number;
  readonly y: number;
  /** Lines above the screen. */
  readonly ybase: number;
  readonly lines: { readonly length: number; get(index: number): Line };
  readonly scrollTop: number;
  readonly scrollBottom: number;
  readonly tabs: Readonly<Record<number, boolean | undefined>>;
  readonly savedX: number;
  /** Counts from the first line of the scrollback. */
  readonly savedY: number;
  readonly savedCurAttrData: Attributes;
  readonly savedCharset: Charset;
  /** Frees, when it is idle, what lines that have got shorter still hold. */
  readonly _memoryCleanupQueue: { flush(): void };
}

export interface Internals extends Joining {
  readonly _bufferService: {
    readonly cols: number;
    readonly rows: number;
    readonly buffers: { readonly normal: ScreenBuffer; readonly alt: ScreenBuffer; readonly active: ScreenBuffer };
  };
  readonly _charsetService: { readonly charset: Charset; readonly _charsets: Charset[]; readonly glevel: number };
  readonly _inputHandler: {
    /** Draws at once, where `write` waits for a later turn of the event loop. */
    parse(bytes: Uint8Array): void;
    readonly _curAttrData: Attributes;
    readonly _parser: {
      readonly currentState: number;
      readonly precedingJoinState: number;
      /** The next state, in the lower four bits, by the current one and a character. */
      readonly _transitions: { readonly table: Uint8Array };
    };
  };
  readonly _oscLinkService: { getLinkData(id: number): { id?: string; uri: string } | undefined };
  readonly coreMouseService: {
    readonly activeProtocol: "NONE" | "X10" | "VT200" | "DRAG" | "ANY";
    readonly activeEncoding: "DEFAULT" | "SGR" | "SGR_PIXELS";
  };
  readonly coreService: {
    readonly isCursorHidden: boolean;
    readonly modes: { readonly insertMode: boolean };
    readonly decPrivateModes: {
      readonly applicationCursorKeys: boolean;
      readonly applicationKeypad: boolean;
      readonly bracketedPasteMode: boolean;
      readonly cursorBlink: boolean | undefined;
      readonly cursorStyle: "block" | "underline" | "bar" | undefined;
      readonly origin: boolean;
      readonly reverseWraparound: boolean;
      readonly sendFocus: boolean;
      readonly synchronizedOutput: boolean;
      readonly wraparound: boolean;
    };
  };
  readonly optionsService: { readonly options: { readonly convertEol: boolean } };
}

/** The bits of a cell: https://github.com/xtermjs/xterm.js/blob/6.0.0/src/common/buffer/Constants.ts */
export const cellBits = {
  codePoint: 0x1fffff,
  isCombined: 0x200000,
  hasContent: 0x3fffff,
  widthShift: 22,
  colourMode: 0x3000000,
  palette16: 0x1000000,
  palette256: 0x2000000,
  rgb: 0x3000000,
  rgbMask: 0xffffff,
  foreground: {
    inverse: 0x4000000,
    bold: 0x8000000,
    underline: 0x10000000,
    blink: 0x20000000,
    invisible: 0x40000000,
    strikethrough: 0x80000000,
  },
  background: {
    italic: 0x4000000,
    dim: 0x8000000,
    hasExtended,
    isProtected: 0x20000000,
    overline: 0x40000000,
  },
  underlineStyleShift: 26,
} as const;

export function internalsOf(terminal: Terminal): Internals {
  return (terminal as unknown as { _core: Internals })._core;
}
