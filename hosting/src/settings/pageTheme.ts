import { type Preferences, followPreferences, preferences } from "../preferences.ts";

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const prefersContrast = matchMedia("(prefers-contrast: more)");

/** Has the whole page look as the reader prefers it, or else the system, as long as the page is open. */
export function themePage(): void {
  followPreferences(show, new AbortController().signal);
  for (const query of [prefersDark, prefersContrast]) query.addEventListener("change", () => show(preferences()));
}

function show({ theme }: Preferences) {
  document.documentElement.dataset["theme"] = shownTheme(theme);
}

function shownTheme(theme: Preferences["theme"]): Exclude<Preferences["theme"], "system"> {
  if (theme !== "system") return theme;
  if (prefersContrast.matches) return "high-contrast";
  return prefersDark.matches ? "dark" : "light";
}
