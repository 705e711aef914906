import { byId } from "../dom.ts";
import type { TerminalView } from "../terminal/terminal.ts";
import { type Modifiers, type Move, moveSequence, withModifiers } from "./keySequences.ts";
import { rove } from "./rove.ts";

/** Keys that the keyboards of phones lack. It is shown on touch screens. */
export interface KeyBar {
  show(): void;
  hide(): void;
  /** What is to be sent for what has been typed: Ctrl and Alt of the bar count for one key. */
  typed(data: string): string;
}

type Key = { label: string; name: string } & (
  | { text: string }
  | { move: Move }
  | { modifier: keyof Modifiers }
  | { action: "paste" }
);

/** In the order of how much they are missed; a phone shows the first eight, and the rest when it is swiped. */
const keys: Key[] = [
  { label: "Esc", name: "Escape", text: "\x1b" },
  { label: "Tab", name: "Tab", text: "\t" },
  { label: "Ctrl", name: "Control, for the next key", modifier: "ctrl" },
  { label: "Alt", name: "Alt, for the next key", modifier: "alt" },
  { label: "↑", name: "Up", move: "up" },
  { label: "↓", name: "Down", move: "down" },
  { label: "←", name: "Left", move: "left" },
  { label: "→", name: "Right", move: "right" },
  { label: "Paste", name: "Paste", action: "paste" },
  { label: "|", name: "Pipe", text: "|" },
  { label: "~", name: "Tilde", text: "~" },
  { label: "/", name: "Slash", text: "/" },
  { label: "-", name: "Dash", text: "-" },
  { label: "Home", name: "Home", move: "home" },
  { label: "End", name: "End", move: "end" },
  { label: "PgUp", name: "Page up", move: "pageUp" },
  { label: "PgDn", name: "Page down", move: "pageDown" },
];

/** A key that moves and is held down goes on moving. */
const repeats = { afterMilliseconds: 400, everyMilliseconds: 60 };

export function createKeyBar(view: () => TerminalView | undefined, signal: AbortSignal): KeyBar {
  const bar = byId("key-bar", HTMLDivElement);
  const buttons = new Map(keys.map((key) => [key, buttonOf(key)]));
  const held: Modifiers = { ctrl: false, alt: false };
  bar.replaceChildren(...buttons.values());
  rove(bar, "horizontal", signal);

  function hold(next: Modifiers) {
    Object.assign(held, next);
    for (const [key, button] of buttons) if ("modifier" in key) button.ariaPressed = String(held[key.modifier]);
  }

  function press(key: Key) {
    const terminal = view();
    if ("modifier" in key) hold({ ...held, [key.modifier]: !held[key.modifier] });
    else if ("text" in key) terminal?.input(key.text);
    else if ("action" in key) void terminal?.pasteClipboard();
    else terminal?.input(moveSequence(key.move, take(), terminal.hasApplicationCursorKeys));
  }

  /** The modifiers that are held down, which are let go. */
  function take(): Modifiers {
    const taken = { ...held };
    if (taken.ctrl || taken.alt) hold({ ctrl: false, alt: false });
    return taken;
  }

  function buttonOf(key: Key): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = key.label;
    button.ariaLabel = key.name;
    if ("modifier" in key) button.ariaPressed = "false";
    pressing(button, "move" in key, () => press(key), signal);
    return button;
  }

  // A button would take the focus from the terminal, and the phone put its keyboard away.
  for (const event of ["pointerdown", "mousedown"])
    bar.addEventListener(event, (it) => it.preventDefault(), { signal });

  return {
    show() {
      bar.hidden = false;
    },
    hide() {
      hold({ ctrl: false, alt: false });
      bar.hidden = true;
    },
    // Sequences are the terminal's own or this bar's.
    typed: (data) => (data.startsWith("\x1b") && data.length > 1 ? data : withModifiers(data, take())),
  };
}

/** Calls back for each click; and, where it repeats, again and again while the button is held down. */
function pressing(button: HTMLButtonElement, doesRepeat: boolean, onPress: () => void, signal: AbortSignal) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hasRepeated = false;

  function again() {
    hasRepeated = true;
    onPress();
    timer = setTimeout(again, repeats.everyMilliseconds);
  }

  button.addEventListener(
    "pointerdown",
    () => {
      hasRepeated = false;
      clearTimeout(timer);
      if (doesRepeat) timer = setTimeout(again, repeats.afterMilliseconds);
    },
    { signal },
  );
  // A swipe along the bar cancels what it has touched first.
  for (const event of ["pointerup", "pointercancel", "pointerleave"]) {
    button.addEventListener(event, () => clearTimeout(timer), { signal });
  }
  button.addEventListener("click", () => hasRepeated || onPress(), { signal });
}
