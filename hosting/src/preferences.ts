/** How the reader likes the terminal; kept in this browser. Nothing of a session is in it. */
export interface Preferences {
  theme: (typeof themes)[number];
  /** In CSS pixels. */
  fontSize: number;
  /** Offers the rows to screen readers, at the price of speed. */
  screenReader: boolean;
  /** What is selected is copied at once. */
  copyOnSelect: boolean;
  /** Pictures that programs draw (Sixel, iTerm). */
  images: boolean;
}

export const themes = ["system", "light", "dark", "high-contrast"] as const;

export const fontSizes = { smallest: 8, largest: 32, usual: 14 };

const defaults: Preferences = {
  theme: "system",
  fontSize: fontSizes.usual,
  screenReader: false,
  copyOnSelect: false,
  images: false,
};

const key = "cliscale.preferences";
const listeners = new Set<(preferences: Preferences) => void>();
let current = checked(stored());

export function preferences(): Preferences {
  return current;
}

/** Changes some of the preferences, here and in every other tab. */
export function prefer(changes: Partial<Preferences>): void {
  take(checked({ ...current, ...changes }));
  try {
    localStorage.setItem(key, JSON.stringify(current));
  } catch {
    // Storage may be forbidden or full: then they hold for this tab.
  }
}

/** Calls back with the preferences now and after each change, also one of another tab, until the signal aborts. */
export function followPreferences(listener: (preferences: Preferences) => void, signal: AbortSignal): void {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
  listener(current);
}

window.addEventListener("storage", (event) => {
  if (event.key === key || event.key === null) take(checked(stored()));
});

function take(next: Preferences) {
  current = next;
  for (const listener of listeners) listener(next);
}

function stored(): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** What is stored may be of another version of this page, or of anybody's making. */
function checked(value: unknown): Preferences {
  const given =
    typeof value === "object" && value !== null ? (value as Partial<Record<keyof Preferences, unknown>>) : {};
  const size = Math.round(Number(given.fontSize));
  return {
    theme: themes.find((theme) => theme === given.theme) ?? defaults.theme,
    fontSize: Math.min(Math.max(size || defaults.fontSize, fontSizes.smallest), fontSizes.largest),
    screenReader: given.screenReader === true,
    copyOnSelect: given.copyOnSelect === true,
    images: given.images === true,
  };
}
