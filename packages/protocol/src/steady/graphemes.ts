import type { Core, XtermLike } from "./core.ts";

/** An xterm's UnicodeGraphemesAddon, which is the same with and without a screen. */
export interface GraphemesAddon {
  activate(terminal: never): void;
  dispose(): void;
}

/** Knows how characters join. */
export type Joining = Pick<Core, "unicodeService">;

/** Below it no character joins the one before it of its own accord, and none has the next one join it. */
const firstJoining = 0x300;

/**
 * Has a terminal take grapheme clusters for one character, of one column or two, by the tables of Unicode 15 and the
 * addon's rules: those of UAX #29 but for GB9c, and GB11 whatever stands before the joiner. Left to itself xterm knows the widths of
 * Unicode 6 only, and none but what combines joins.
 */
export function joinGraphemes(terminal: XtermLike, addon: GraphemesAddon): void {
  terminal.loadAddon(addon);
  hurryAscii(joiningOf(terminal));
}

/** What joins whatever comes next: https://www.unicode.org/reports/tr29/#GB9b */
const prepend = 1;
/** A character of one column that has joined nothing and makes nothing join. */
const narrow = 1 << 1;

/**
 * Tells of ASCII without the addon's tables, which have nothing to say of it but that it joins what has everything join. The
 * addon does so only up to the first other character in a run of text: a line with a few of them would take 1.4 times as long.
 */
function hurryAscii({ unicodeService }: Joining): void {
  const { charProperties } = unicodeService;
  unicodeService.charProperties = (codePoint, before) =>
    codePoint >= 0x20 && codePoint < 0x7f && kindOf(before) !== prepend
      ? narrow
      : charProperties.call(unicodeService, codePoint, before);
}

function kindOf(state: number): number {
  return (state >>> 3) & 0xf;
}

/** How characters join in a terminal. */
export function joiningOf(terminal: XtermLike): Joining {
  return (terminal as unknown as { _core: Core })._core;
}

/** Columns of the character that was printed last: https://github.com/xtermjs/xterm.js/blob/6.0.0/src/common/services/UnicodeService.ts */
export function joinWidth(state: number): number {
  return (state >>> 1) & 3;
}

/** Whether a character has joined the one before it. */
export function hasJoined(state: number): boolean {
  return (state & 1) !== 0;
}

/** Whether a text would join one that is printed right before it, so that both stand in the same cell. */
export function wouldJoin(before: string, text: string, { unicodeService }: Joining): boolean {
  if (before === "") return false;
  if (before.charCodeAt(before.length - 1) < firstJoining && text.charCodeAt(0) < firstJoining) return false;
  let state = 0;
  for (const character of before) state = unicodeService.charProperties(character.codePointAt(0)!, state);
  return hasJoined(unicodeService.charProperties(text.codePointAt(0)!, state));
}
