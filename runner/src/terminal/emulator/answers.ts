import type { Terminal } from "@xterm/headless";

/** The colours of text, background and cursor by their OSC code: those of the page's dark theme. */
const colours: Record<number, string> = { 10: "d7dde2", 11: "14181c", 12: "4fd1c5" };
/** The first 16 colours of xterm's palette; the others follow from their numbers. */
const firstColours =
  "2e3436 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec";
/** The pixels of a character. */
const cell = { width: 8, height: 16 };

/**
 * Replies to the queries that a headless terminal leaves open: colours, tertiary device attributes, sizes, and the name of
 * the terminal. What the page cannot do is not claimed: the query for kitty's keyboard protocol stays unanswered, which is how
 * programs find out that a terminal does not have it.
 */
export function answerMore(terminal: Terminal, reply: (reply: string) => void): void {
  const { parser } = terminal;
  for (const code of [10, 11, 12]) {
    parser.registerOscHandler(code, (data) => {
      for (const [index, field] of data.split(";").entries()) {
        const colour = colours[code + index];
        if (field === "?" && colour) reply(`\x1b]${code + index};${rgb(colour)}\x1b\\`);
      }
      return false;
    });
  }
  parser.registerOscHandler(4, (data) => {
    const fields = data.split(";");
    for (let index = 0; index + 1 < fields.length; index += 2) {
      const number = Number(fields[index]);
      if (fields[index + 1] === "?" && number < 256) reply(`\x1b]4;${number};${rgb(paletteColour(number))}\x1b\\`);
    }
    return false;
  });
  parser.registerCsiHandler({ prefix: "=", final: "c" }, () => {
    reply("\x1bP!|00000000\x1b\\");
    return true;
  });
  parser.registerCsiHandler({ prefix: ">", final: "q" }, () => {
    reply("\x1bP>|cliscale\x1b\\");
    return true;
  });
  // Unless an option is set, xterm does not let its own handlers see these.
  terminal.options.windowOptions = { getWinSizePixels: true, getCellSizePixels: true, getWinSizeChars: true };
  parser.registerCsiHandler({ final: "t" }, ([operation]) => {
    const { cols, rows } = terminal;
    if (operation === 14) reply(`\x1b[4;${rows * cell.height};${cols * cell.width}t`);
    else if (operation === 16) reply(`\x1b[6;${cell.height};${cell.width}t`);
    else if (operation === 18) reply(`\x1b[8;${rows};${cols}t`);
    return true;
  });
}

/** A colour of the 256: https://invisible-island.net/xterm/xterm.faq.html#palette_colors */
function paletteColour(number: number): string {
  if (number < 16) return firstColours.split(" ")[number]!;
  if (number >= 232) return hex(8 + 10 * (number - 232)).repeat(3);
  const index = number - 16;
  return [Math.floor(index / 36), Math.floor(index / 6) % 6, index % 6].map((step) => hex(level(step))).join("");
}

function rgb(colour: string): string {
  return `rgb:${colour
    .match(/../g)!
    .map((part) => part + part)
    .join("/")}`;
}

/** One of the six levels of a colour in the palette's cube. */
function level(step: number): number {
  return step === 0 ? 0 : 55 + 40 * step;
}

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}
