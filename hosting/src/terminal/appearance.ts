import type { Terminal as Xterm } from "@xterm/xterm";
import { type Preferences, followPreferences, preferences } from "../preferences.ts";
import { themeFor } from "./theme.ts";

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const prefersContrast = matchMedia("(prefers-contrast: more)");
const prefersStillness = matchMedia("(prefers-reduced-motion: reduce)");

/** Whether a cursor blinks of which the program has said nothing. */
export function cursorBlinks(): boolean {
  return !prefersStillness.matches;
}

/**
 * Has a terminal look as the reader and the system prefer it, now and after each change, until the signal aborts. `onChange` is
 * called when there may be room for another size.
 */
export function followAppearance(xterm: Xterm, place: HTMLElement, onChange: () => void, signal: AbortSignal): void {
  function show({ theme, fontSize, screenReader }: Preferences) {
    const { colours, minimumContrast } = themeFor(theme, {
      dark: prefersDark.matches,
      contrast: prefersContrast.matches,
    });
    xterm.options.theme = colours;
    xterm.options.minimumContrastRatio = minimumContrast;
    xterm.options.fontSize = fontSize;
    xterm.options.screenReaderMode = screenReader;
    // Around the cells, where the terminal has no say.
    place.style.background = colours.background;
    onChange();
  }

  followPreferences(show, signal);
  const again = () => show(preferences());
  for (const query of [prefersDark, prefersContrast]) query.addEventListener("change", again, { signal });
  prefersStillness.addEventListener("change", () => (xterm.options.cursorBlink = cursorBlinks()), { signal });
}
