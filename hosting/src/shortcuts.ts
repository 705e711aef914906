// The keys that the page takes for itself while the terminal has the focus: one table, for those who act on them and for the
// sheet that tells of them. Programs get every other key.

export type ShortcutId =
  | "copy"
  | "paste"
  | "search"
  | "larger"
  | "smaller"
  | "usualSize"
  | "fullScreen"
  | "shortcuts"
  | "leave";

/** Some keys pressed at once. */
export interface Chord {
  ctrl?: boolean;
  shift?: boolean;
  meta?: boolean;
  /** As `KeyboardEvent.key` names them, any one of them; a letter in lower case. */
  keys: readonly string[];
  /** Where layouts differ in whether it takes Shift. */
  anyShift?: true;
}

export interface Shortcut {
  id: ShortcutId;
  words: string;
  chord: Chord;
  /** On a Mac, where programs have no use for the command key; left out where it is the same. */
  macChord?: Chord;
}

export const shortcuts: readonly Shortcut[] = [
  {
    id: "copy",
    words: "Copy what is selected",
    chord: { ctrl: true, shift: true, keys: ["c"] },
    macChord: { meta: true, keys: ["c"] },
  },
  {
    id: "paste",
    words: "Paste",
    chord: { ctrl: true, shift: true, keys: ["v"] },
    macChord: { meta: true, keys: ["v"] },
  },
  {
    id: "search",
    words: "Search what the terminal has shown",
    chord: { ctrl: true, shift: true, keys: ["f"] },
    macChord: { meta: true, keys: ["f"] },
  },
  {
    id: "larger",
    words: "Larger text",
    chord: { ctrl: true, keys: ["+", "="], anyShift: true },
    macChord: { meta: true, keys: ["+", "="], anyShift: true },
  },
  { id: "smaller", words: "Smaller text", chord: { ctrl: true, keys: ["-"] }, macChord: { meta: true, keys: ["-"] } },
  {
    id: "usualSize",
    words: "Text of the usual size",
    chord: { ctrl: true, keys: ["0"] },
    macChord: { meta: true, keys: ["0"] },
  },
  {
    id: "fullScreen",
    words: "Full screen, and back",
    chord: { ctrl: true, shift: true, keys: ["Enter"] },
    macChord: { meta: true, keys: ["Enter"] },
  },
  { id: "shortcuts", words: "This sheet", chord: { ctrl: true, shift: true, keys: ["?"] } },
  { id: "leave", words: "Leave the terminal for the buttons around it", chord: { shift: true, keys: ["F6"] } },
];

/** Of these a page is not even told in a tab; browsers hand them to an installed app or in full screen alone. */
export const browserShortcuts: readonly (Pick<Shortcut, "words" | "chord"> & { macChord: Chord })[] = [
  {
    words: "Closes the tab; the session goes on",
    chord: { ctrl: true, keys: ["w"] },
    macChord: { meta: true, keys: ["w"] },
  },
  { words: "Opens a tab", chord: { ctrl: true, keys: ["t"] }, macChord: { meta: true, keys: ["t"] } },
  { words: "Opens a window", chord: { ctrl: true, keys: ["n"] }, macChord: { meta: true, keys: ["n"] } },
];

type Pressed = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "shiftKey" | "altKey" | "metaKey">;

/** The shortcut that a key event is for; undefined where it belongs to the program. */
export function shortcutOf(event: Pressed, mac = isMac()): ShortcutId | undefined {
  return shortcuts.find((shortcut) => isPressed(chordOf(shortcut, mac), event))?.id;
}

/** What to press, key by key, as it stands on the reader's keyboard. */
export function keyNames(shortcut: Pick<Shortcut, "chord" | "macChord">, mac = isMac()): string[] {
  const { ctrl, shift, meta, keys } = chordOf(shortcut, mac);
  const modifiers = mac ? { ctrl: "⌃", shift: "⇧", meta: "⌘" } : { ctrl: "Ctrl", shift: "Shift", meta: "Meta" };
  const key = keys[0]!;
  return [
    ...(ctrl ? [modifiers.ctrl] : []),
    ...(shift ? [modifiers.shift] : []),
    ...(meta ? [modifiers.meta] : []),
    key.length === 1 ? key.toUpperCase() : key,
  ];
}

/** The keys of a shortcut as one piece of text, such as `Ctrl+Shift+F`. */
export function keysInWords(id: ShortcutId, mac = isMac()): string {
  return keyNames(
    shortcuts.find((shortcut) => shortcut.id === id)!,
    mac,
  ).join(mac ? "" : "+");
}

function chordOf({ chord, macChord }: Pick<Shortcut, "chord" | "macChord">, mac: boolean): Chord {
  return mac ? (macChord ?? chord) : chord;
}

function isPressed({ ctrl = false, shift = false, meta = false, anyShift, keys }: Chord, event: Pressed): boolean {
  return (
    event.ctrlKey === ctrl &&
    event.metaKey === meta &&
    !event.altKey &&
    (anyShift || event.shiftKey === shift) &&
    keys.some((key) => isKey(key, event))
  );
}

/** A letter is where the layout has it; a layout without Latin letters has it where an English one does. */
function isKey(key: string, event: Pressed): boolean {
  if (event.key.length > 1 || !/[a-z]/.test(key)) return event.key === key;
  return /[a-z]/i.test(event.key) ? event.key.toLowerCase() === key : event.code === `Key${key.toUpperCase()}`;
}

function isMac(): boolean {
  return /^(Mac|iP)/.test(navigator.platform);
}
