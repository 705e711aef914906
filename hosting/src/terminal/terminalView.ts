import "@xterm/xterm/css/xterm.css";
import { type Screen, plainTitle } from "@cliscale/client";
import { steadyTerminal, type TerminalSize } from "@cliscale/protocol";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Xterm } from "@xterm/xterm";
import { type FindOptions, type FindResults, createFinder } from "./find.ts";
import { linkHandler } from "./links.ts";
import { watchReplies } from "./queryReplies.ts";
import { followTheme } from "./theme.ts";
import { type TranscriptForm, transcribe } from "./transcribe.ts";

export interface TerminalViewHandlers {
  /** What is typed, and replies to queries that are wanted. */
  onInput: (data: string | Uint8Array) => void;
  /** There is room for another size; the view takes it on when its screen is told to. */
  onRoom: (size: TerminalSize) => void;
  /** The program's title for its window. */
  onTitle: (title: string) => void;
  answersQueries: () => boolean;
  /** The keys for leaving the terminal were pressed, since Tab belongs to the program. */
  onLeave: () => void;
}

/** A terminal on the page. */
export interface TerminalView {
  readonly screen: Screen;
  /** How much there is room for. */
  readonly room: TerminalSize;
  /** Whether what is typed goes anywhere. */
  setTyping(isOn: boolean): void;
  /** Types text, as if its keys were pressed. Nothing happens while typing is off. */
  input(text: string): void;
  /** Pastes what the clipboard holds, as far as the browser lets this page read it. */
  pasteClipboard(): Promise<void>;
  /** Whether the program has asked for application cursor keys (DECCKM). */
  readonly hasApplicationCursorKeys: boolean;
  focus(): void;
  /** Selects the next match of a query on the screen and above it; see Finder. */
  find(query: string, options: FindOptions, direction: "next" | "previous"): Promise<boolean>;
  onFindResults(listener: (results: FindResults) => void): void;
  /** All that is on the screen and above it. */
  transcript(form: TranscriptForm): Promise<string>;
  dispose(): void;
}

/** Lines above the screen that are kept: as many as the terminal server restores. */
const scrollbackLines = 10_000;

/** Dragging the window's edge asks for many sizes; after the first, programs get one per so many milliseconds at most. */
const roomMilliseconds = 100;

/** What aborts a sequence or character that was cut in half (CAN), and takes back changed colours (OSC 104, 110–112). */
const forget = new TextEncoder().encode("\x18\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07");
const nothing = new Uint8Array();

/** Opens a terminal in a place of the page, which it fills. */
export function createTerminalView(place: HTMLElement, handlers: TerminalViewHandlers): TerminalView {
  const closing = new AbortController();
  const xterm = new Xterm({
    // For the addons.
    allowProposedApi: true,
    cursorBlink: true,
    disableStdin: true,
    fontFamily: 'ui-monospace, "SF Mono", Menlo, "Cascadia Mono", Consolas, "DejaVu Sans Mono", monospace',
    fontSize: 14,
    // At 1.0 the DOM renderer cuts the underscore off in common fonts.
    lineHeight: 1.15,
    linkHandler,
    minimumContrastRatio: 4.5,
    scrollback: scrollbackLines,
  });
  const fit = new FitAddon();
  xterm.loadAddon(fit);
  steadyTerminal(xterm);
  followTheme((theme) => {
    xterm.options.theme = theme;
  }, closing.signal);
  xterm.open(place);
  const finder = createFinder(xterm);
  takeInput(xterm, handlers);
  xterm.onTitleChange((title) => handlers.onTitle(plainTitle(title)));
  watchRoom(place, () => handlers.onRoom(roomOf(fit)), closing.signal);

  return {
    screen: {
      write: (bytes, drawn) => xterm.write(bytes, drawn),
      // An xterm draws later what it is given now; these two wait their turn behind that.
      reset() {
        xterm.write(forget, () => {
          xterm.reset();
          // Modes that xterm keeps as options.
          xterm.options.convertEol = false;
          xterm.options.cursorBlink = true;
        });
      },
      resize({ columns, rows }) {
        xterm.write(nothing, () => xterm.resize(columns, rows));
      },
    },
    get room() {
      return roomOf(fit);
    },
    setTyping(isOn) {
      xterm.options.disableStdin = !isOn;
      // A cursor would promise that typing does something.
      xterm.options.cursorInactiveStyle = isOn ? "outline" : "none";
      if (!isOn) xterm.blur();
      else if (mayTakeFocus()) xterm.focus();
    },
    input(text) {
      if (!xterm.options.disableStdin) xterm.input(text);
    },
    async pasteClipboard() {
      xterm.paste(await navigator.clipboard.readText());
    },
    get hasApplicationCursorKeys() {
      return xterm.modes.applicationCursorKeysMode;
    },
    focus: () => xterm.focus(),
    find: (...query) => finder.find(...query),
    onFindResults: (listener) => finder.onResults(listener),
    transcript: (form) => transcribe(xterm, form),
    dispose() {
      closing.abort();
      xterm.dispose();
    },
  };
}

function roomOf(fit: FitAddon): TerminalSize {
  const proposed = fit.proposeDimensions();
  return proposed ? { columns: proposed.cols, rows: proposed.rows } : { columns: 80, rows: 24 };
}

/** Not from another control, nor on a touch screen, where that would bring up the keyboard unasked. */
function mayTakeFocus(): boolean {
  return document.activeElement === document.body && matchMedia("(pointer: fine)").matches;
}

function takeInput(xterm: Xterm, { onInput, onLeave, answersQueries }: TerminalViewHandlers): void {
  const isUnwantedReply = watchReplies(xterm.parser, answersQueries);
  xterm.onData((data) => {
    if (!isUnwantedReply()) onInput(data);
  });
  // Bytes that are no text, as some mouse reports.
  xterm.onBinary((data) => onInput(Uint8Array.from(data, (character) => character.charCodeAt(0))));
  xterm.attachCustomKeyEventHandler((event) => {
    if (event.type !== "keydown" || !event.shiftKey) return true;
    if (event.key === "F6") {
      event.preventDefault();
      onLeave();
      return false;
    }
    if (!event.ctrlKey || event.altKey || event.metaKey) return true;
    if (event.code === "KeyC" && xterm.hasSelection()) {
      event.preventDefault();
      void navigator.clipboard.writeText(xterm.getSelection());
      return false;
    }
    // The browser pastes by itself.
    return event.code !== "KeyV";
  });
}

/** Calls back when the room has changed: at once, and then again after a pause as long as it goes on changing. */
function watchRoom(place: HTMLElement, onChange: () => void, signal: AbortSignal): void {
  let pause: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;
  const change = () => {
    isDue = pause !== undefined;
    if (isDue) return;
    onChange();
    pause = setTimeout(() => {
      pause = undefined;
      if (isDue) change();
    }, roomMilliseconds);
  };
  const observer = new ResizeObserver(change);
  observer.observe(place);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(pause);
  });
}
