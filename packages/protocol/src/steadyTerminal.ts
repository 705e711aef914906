// Where xterm.js 6.0 hangs, or keeps what no sequence can bring back, the terminals of both sides are put right in the same
// way. Each of these reaches into xterm, whose version is pinned; the tests show that each is needed.

interface Line {
  length: number;
  resize(columns: number, cell: unknown): unknown;
  getWidth(column: number): number;
  setCell(column: number, cell: unknown): void;
}

interface ScreenBuffer {
  x: number;
  y: number;
  ybase: number;
  lines: { length: number; maxLength: number; get(index: number): Line | undefined };

  getNullCell(): unknown;
}

interface Core {
  _bufferService: {
    cols: number;
    rows: number;
    buffer: ScreenBuffer;
    buffers: { normal: ScreenBuffer; alt: ScreenBuffer };
  };
  _inputHandler: {
    _eraseInBufferLine(row: number, start: number, end: number, clearWrap: boolean, respectProtect: boolean): void;
    _resetBufferLine(row: number, respectProtect: boolean): void;
  };
}

/** An xterm, with or without a screen. */
export interface XtermLike {
  readonly parser: {
    registerCsiHandler(
      id: { prefix?: string; final: string },
      callback: (parameters: (number | number[])[]) => boolean,
    ): unknown;
  };
  onResize(listener: () => void): unknown;
}

/** Prepares a terminal that follows a session's output. Call it once, before anything is drawn. */
export function steadyTerminal(terminal: XtermLike): void {
  const core = (terminal as unknown as { _core: Core })._core;
  guardErasingAbove(terminal, core);
  terminal.onResize(() => {
    forgetBeyondEdge(core);
    forgetScrollback(core);
  });
}

/** "Erase above" in the very last cell reads a line that is not there, throws, and leaves xterm hanging for ever. */
function guardErasingAbove({ parser }: XtermLike, { _bufferService, _inputHandler }: Core): void {
  for (const prefix of ["", "?"]) {
    parser.registerCsiHandler({ ...(prefix && { prefix }), final: "J" }, ([mode]) => {
      const { x, y, lines } = _bufferService.buffer;
      if (mode !== 1 || x + 1 < _bufferService.cols || lines.get(y + 1)) return false;
      const respectProtect = prefix === "?";
      _inputHandler._eraseInBufferLine(y, 0, _bufferService.cols, true, respectProtect);
      for (let row = 0; row < y; row++) _inputHandler._resetBufferLine(row, respectProtect);
      return true;
    });
  }
}

/**
 * A terminal that gets narrower keeps what is beyond its edge in the alternate screen, where it comes back in a line from
 * which characters are deleted, and half a wide character at its edge.
 */
function forgetBeyondEdge({ _bufferService: { cols, buffers } }: Core): void {
  for (const buffer of [buffers.normal, buffers.alt]) {
    for (let index = 0; index < buffer.lines.length; index++) {
      const line = buffer.lines.get(index);
      if (!line) continue;
      if (line.length > cols) line.resize(cols, buffer.getNullCell());
      if (line.getWidth(cols - 1) === 2) line.setCell(cols - 1, buffer.getNullCell());
    }
  }
}

/** An alternate screen that was resized while nothing was in it goes on to hold as many lines as before: more than it shows. */
function forgetScrollback({ _bufferService: { rows, buffers } }: Core): void {
  if (buffers.alt.lines.length === 0) buffers.alt.lines.maxLength = rows;
}
