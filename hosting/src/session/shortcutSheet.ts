import { byId } from "../dom.ts";
import { type Shortcut, browserShortcuts, keyNames, shortcuts } from "../shortcuts.ts";

/** Tells which keys the page takes, and which the browser never gives away. */
export interface ShortcutSheet {
  toggle(): void;
  close(): void;
}

export function createShortcutSheet(signal: AbortSignal): ShortcutSheet {
  const dialog = byId("shortcuts", HTMLDialogElement);
  byId("shortcut-rows", HTMLTableSectionElement).replaceChildren(...shortcuts.map(rowOf));
  byId("browser-shortcut-rows", HTMLTableSectionElement).replaceChildren(...browserShortcuts.map(rowOf));
  byId("shortcuts-close", HTMLButtonElement).addEventListener("click", () => dialog.close(), { signal });

  return {
    toggle() {
      if (dialog.open) dialog.close();
      else dialog.showModal();
    },
    close: () => dialog.close(),
  };
}

function rowOf(shortcut: Pick<Shortcut, "words" | "chord" | "macChord">): HTMLTableRowElement {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = shortcut.words;
  const keys = document.createElement("td");
  for (const [index, key] of keyNames(shortcut).entries()) {
    const element = document.createElement("kbd");
    element.textContent = key;
    keys.append(index > 0 ? " " : "", element);
  }
  row.append(name, keys);
  return row;
}
