import type { Terminal as Xterm } from "@xterm/xterm";
import { followPreferences } from "../preferences.ts";
import { followShownTheme } from "../shownTheme.ts";
import { lookOf } from "./theme.ts";

/**
 * Has a terminal look as the reader and the system prefer it, now and after each change, until the signal aborts. `onChange` is
 * called when there may be room for another size.
 */
export function followAppearance(xterm: Xterm, place: HTMLElement, onChange: () => void, signal: AbortSignal): void {
  followShownTheme((theme) => {
    const { colours, minimumContrast } = lookOf(theme);
    xterm.options.theme = colours;
    xterm.options.minimumContrastRatio = minimumContrast;
    // Around the cells, where the terminal has no say.
    place.style.background = colours.background;
  }, signal);
  followPreferences(({ fontSize, screenReader }) => {
    xterm.options.fontSize = fontSize;
    xterm.options.screenReaderMode = screenReader;
    onChange();
  }, signal);
}
