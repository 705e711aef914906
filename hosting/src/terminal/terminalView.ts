import "@xterm/xterm/css/xterm.css";
import "./terminal.css";
import { plainTitle } from "@cliscale/client";
import { steadyTerminal, type TerminalSize } from "@cliscale/protocol";
import { FitAddon } from "@xterm/addon-fit";
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { Terminal as Xterm } from "@xterm/xterm";
import { followAppearance } from "./appearance.ts";
import type { AttachAddon } from "./attachAddon.ts";
import { showBells } from "./bell.ts";
import { copyOnSelect } from "./copy.ts";
import { type FindOptions, type FindResults, createFinder } from "./find.ts";
import { showImages } from "./images.ts";
import { takeKeys } from "./keys.ts";
import { followLinks } from "./links.ts";
import { guardPastes, paste } from "./paste.ts";
import { shareClipboard } from "./programClipboard.ts";
import { type Progress, showProgress } from "./progress.ts";
import { accelerate } from "./renderer.ts";
import { paced, roomOf } from "./room.ts";
import { type TranscriptForm, transcribe } from "./transcribe.ts";

export { createAttachAddon } from "./attachAddon.ts";

export interface TerminalViewHandlers {
  /** The program's title for its window, as plain text. */
  onTitle: (title: string) => void;
  /** How far the program says it is; undefined when it says nothing more. */
  onProgress: (progress: Progress | undefined) => void;
  /** The program asks for attention. */
  onBell: () => void;
  /** The keys for leaving the terminal were pressed, since Tab belongs to the program. */
  onLeave: () => void;
}

/** A terminal on the page. */
export interface TerminalView {
  /** How much there is room for. */
  readonly room: TerminalSize;
  /** Types text, as if its keys were pressed. Nothing happens while the terminal is not attached. */
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
  /** Takes it off the page, and detaches. */
  dispose(): void;
}

/** Lines above the screen that are kept: as many as the terminal server restores. */
const scrollbackLines = 10_000;

/** Opens a terminal in a place of the page, which it fills, and attaches it. */
export function createTerminalView(
  place: HTMLElement,
  attachAddon: AttachAddon,
  handlers: TerminalViewHandlers,
): TerminalView {
  const closing = new AbortController();
  const { signal } = closing;
  const xterm = new Xterm({
    // For the addons.
    allowProposedApi: true,
    disableStdin: true,
    fontFamily: 'ui-monospace, "SF Mono", Menlo, "Cascadia Mono", Consolas, "DejaVu Sans Mono", monospace',
    // At 1.0 the DOM renderer cuts the underscore off in common fonts.
    lineHeight: 1.15,
    macOptionClickForcesSelection: true,
    scrollback: scrollbackLines,
  });
  const fit = new FitAddon();
  const finder = createFinder(xterm);
  const fitAgain = paced(() => attachAddon.resize(roomOf(fit)), signal);
  steadyTerminal(xterm, new UnicodeGraphemesAddon());
  xterm.loadAddon(fit);
  followLinks(xterm, signal);
  followAppearance(xterm, place, fitAgain, signal);
  xterm.open(place);
  takeKeys(xterm, handlers.onLeave);
  guardPastes(xterm, signal);
  copyOnSelect(xterm, place, signal);
  shareClipboard(xterm, place, signal);
  showProgress(xterm, place, handlers.onProgress, signal);
  showBells(xterm, place, handlers.onBell, signal);
  xterm.onTitleChange((title) => handlers.onTitle(plainTitle(title)));
  fit.fit();
  xterm.loadAddon(attachAddon);
  showImages(xterm, () => attachAddon.watchRepliesAgain(), signal);
  void accelerate(xterm, signal);
  watchPlace(place, fitAgain, signal);

  return {
    get room() {
      return roomOf(fit);
    },
    input(text) {
      if (!xterm.options.disableStdin) xterm.input(text);
    },
    async pasteClipboard() {
      await paste(xterm, await navigator.clipboard.readText(), signal);
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

function watchPlace(place: HTMLElement, onResize: () => void, signal: AbortSignal) {
  const observer = new ResizeObserver(onResize);
  observer.observe(place);
  signal.addEventListener("abort", () => observer.disconnect());
}
