import { type Preferences, followPreferences, preferences } from "./preferences.ts";

/** A theme as it is shown: the reader's, or the one that the system prefers. */
export type ShownTheme = Exclude<Preferences["theme"], "system">;

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const prefersContrast = matchMedia("(prefers-contrast: more)");

/** Calls back with the theme now and after each change of the reader's or the system's mind, until the signal aborts. */
export function followShownTheme(listener: (theme: ShownTheme) => void, signal: AbortSignal): void {
  const tell = () => listener(shownTheme(preferences()));
  for (const query of [prefersDark, prefersContrast]) query.addEventListener("change", tell, { signal });
  followPreferences(tell, signal);
}

function shownTheme({ theme }: Preferences): ShownTheme {
  if (theme !== "system") return theme;
  if (prefersContrast.matches) return "high-contrast";
  return prefersDark.matches ? "dark" : "light";
}
