import type { IFunctionIdentifier, Terminal } from "@xterm/headless";

/** What a program has set that a headless terminal does not keep. */
export interface Memory {
  /** The title that the program has given its window; undefined when it has not. */
  title: () => string | undefined;
  /** What sets all of it in a terminal that has just been cleared. */
  sequences: () => string[];
}

const cursorBlink = 12;
/** What is kept of a title; no window shows more. */
const titleCharacters = 1000;

/** Watches a terminal for the window's title, changed colours, and the blinking of the cursor. */
export function createMemory(terminal: Terminal): Memory {
  let title: string | undefined;
  let blinks: boolean | undefined;
  /** By their numbers: 0 to 255 of the palette, or the OSC code for text, background and cursor. */
  const palette = new Map<number, string>();
  const special = new Map<number, string>();
  const { parser } = terminal;

  terminal.onTitleChange((changed) => {
    title = changed.slice(0, titleCharacters);
  });
  parser.registerOscHandler(4, (data) => {
    const fields = data.split(";");
    for (let index = 0; index + 1 < fields.length; index += 2) {
      const number = Number(fields[index]);
      const colour = fields[index + 1]!;
      if (/^\d+$/.test(fields[index]!) && number < 256 && isColour(colour)) palette.set(number, colour);
    }
    return false;
  });
  parser.registerOscHandler(104, (data) => {
    if (data === "") palette.clear();
    else for (const field of data.split(";")) palette.delete(Number(field));
    return false;
  });
  for (const code of [10, 11, 12]) {
    // Each may go on with those behind it.
    parser.registerOscHandler(code, (data) => {
      for (const [index, colour] of data.split(";").entries()) {
        if (code + index <= 12 && isColour(colour)) special.set(code + index, colour);
      }
      return false;
    });
    parser.registerOscHandler(code + 100, () => {
      special.delete(code);
      return false;
    });
  }
  for (const [final, isOn] of [
    ["h", true],
    ["l", false],
  ] as const) {
    const sequence: IFunctionIdentifier = { prefix: "?", final };
    parser.registerCsiHandler(sequence, (parameters) => {
      if (parameters.includes(cursorBlink)) blinks = isOn;
      return false;
    });
  }

  return {
    title: () => title,
    sequences: () => [
      title === undefined ? "" : `\x1b]2;${title}\x07`,
      ...[...palette].map(([number, colour]) => `\x1b]4;${number};${colour}\x07`),
      ...[...special].map(([code, colour]) => `\x1b]${code};${colour}\x07`),
      blinks === undefined ? "" : `\x1b[?12${blinks ? "h" : "l"}`,
    ],
  };
}

/** Whether xterm takes it for a colour: https://github.com/xtermjs/xterm.js/blob/6.0.0/src/common/input/XParseColor.ts */
function isColour(text: string): boolean {
  return [1, 2, 3, 4].some((digits) => {
    const hex = `[0-9a-f]{${digits}}`;
    return new RegExp(`^(rgb:${hex}/${hex}/${hex}|#${hex}${hex}${hex})$`, "i").test(text);
  });
}
