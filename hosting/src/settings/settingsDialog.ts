import { byId } from "../dom.ts";
import { type Preferences, fontSizes, followPreferences, prefer, themes } from "../preferences.ts";

/** How the reader likes the page; each change holds at once, and in every tab. */
export interface SettingsDialog {
  open(): void;
  close(): void;
}

type Switch = { [Name in keyof Preferences]: Preferences[Name] extends boolean ? Name : never }[keyof Preferences];

const switches: Record<Switch, string> = {
  screenReader: "setting-screen-reader",
  copyOnSelect: "setting-copy-on-select",
  images: "setting-images",
};

const themeNames: Record<Preferences["theme"], string> = {
  system: "As the system has it",
  light: "Light",
  dark: "Dark",
  "high-contrast": "High contrast",
};

export function createSettingsDialog(signal: AbortSignal): SettingsDialog {
  const dialog = byId("settings", HTMLDialogElement);
  const theme = byId("setting-theme", HTMLSelectElement);
  const fontSize = byId("setting-font-size", HTMLInputElement);
  const boxes = Object.entries(switches).map(([name, id]) => [name as Switch, byId(id, HTMLInputElement)] as const);

  theme.replaceChildren(...themes.map((value) => new Option(themeNames[value], value)));
  fontSize.min = String(fontSizes.smallest);
  fontSize.max = String(fontSizes.largest);

  function show(preferred: Preferences) {
    theme.value = preferred.theme;
    // What is being typed is not taken out of the reader's hands.
    if (document.activeElement !== fontSize) fontSize.value = String(preferred.fontSize);
    for (const [name, box] of boxes) box.checked = preferred[name];
  }

  theme.addEventListener("change", () => prefer({ theme: theme.value as Preferences["theme"] }), { signal });
  fontSize.addEventListener("input", () => fontSize.validity.valid && prefer({ fontSize: fontSize.valueAsNumber }), {
    signal,
  });
  for (const [name, box] of boxes) {
    box.addEventListener("change", () => prefer({ [name]: box.checked }), { signal });
  }
  byId("settings-close", HTMLButtonElement).addEventListener("click", () => dialog.close(), { signal });
  followPreferences(show, signal);

  return {
    open() {
      if (!dialog.open) dialog.showModal();
    },
    close: () => dialog.close(),
  };
}
