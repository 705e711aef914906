import { byId } from "../dom.ts";
import { type ShortcutId, keysInWords } from "../shortcuts.ts";
import { type Icon, dressButton } from "./icons.ts";
import { rove, usableButtons } from "./rove.ts";

export interface Tool {
  id: Icon;
  label: string;
  shortcut?: ShortcutId;
  /** It works on a terminal, so it needs one. */
  needsTerminal?: true;
  /** It opens something of its own. */
  popup?: "menu" | "dialog";
  use: (button: HTMLButtonElement) => void;
}

/** The buttons beside what runs. */
export interface Toolbar {
  /** Whether there is a terminal to work on. */
  follow(hasTerminal: boolean): void;
  button(id: Tool["id"]): HTMLButtonElement;
  focus(): void;
}

export function createToolbar(tools: readonly Tool[], signal: AbortSignal): Toolbar {
  const bar = byId("toolbar", HTMLDivElement);
  const buttons = new Map(tools.map((tool) => [tool.id, buttonOf(tool, signal)]));
  bar.replaceChildren(...buttons.values());
  rove(bar, "horizontal", signal);

  return {
    follow(hasTerminal) {
      for (const { id, needsTerminal } of tools) if (needsTerminal) buttons.get(id)!.disabled = !hasTerminal;
    },
    button: (id) => buttons.get(id)!,
    focus: () => usableButtons(bar)[0]?.focus(),
  };
}

function buttonOf({ id, label, shortcut, needsTerminal, popup, use }: Tool, signal: AbortSignal): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.id = `tool-${id}`;
  button.disabled = needsTerminal === true;
  if (popup) button.ariaHasPopup = popup;
  dressButton(button, id, label, shortcut && keysInWords(shortcut));
  button.addEventListener("click", () => use(button), { signal });
  return button;
}
