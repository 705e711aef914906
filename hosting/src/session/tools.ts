import { byId } from "../dom.ts";
import { createSettingsDialog } from "../settings/settingsDialog.ts";
import { type ShortcutId, keysInWords, shortcutOf } from "../shortcuts.ts";
import type { TerminalView } from "../terminal/terminal.ts";
import { createFullScreen } from "./fullScreen.ts";
import { dressButton } from "./icons.ts";
import { createKeyBar } from "./keyBar.ts";
import { createSearchBar } from "./searchBar.ts";
import { createShortcutSheet } from "./shortcutSheet.ts";
import { createToolbar } from "./toolbar.ts";
import { createTranscriptMenu } from "./transcriptMenu.ts";
import { followVisibleHeight } from "./visibleHeight.ts";

/** What stands around the terminal: toolbar, search, settings, shortcuts, transcript, full screen and a phone's keys. */
export interface Tools {
  /** A terminal is about to come: what takes room from it is there before it is measured. */
  begin(): void;
  /** The terminal has come, or has ended. */
  follow(isOver: boolean): void;
  /** What is to be sent for what has been typed. */
  typed(data: string): string;
  /** Moves the focus here from the terminal. */
  focus(): void;
  /** The session is left. */
  hide(): void;
}

export interface ToolsOptions {
  view: () => TerminalView | undefined;
  sessionId: () => string | undefined;
  signal: AbortSignal;
}

export function createTools({ view, sessionId, signal }: ToolsOptions): Tools {
  const page = byId("session", HTMLElement);
  const searchBar = createSearchBar(signal);
  const settings = createSettingsDialog(signal);
  const sheet = createShortcutSheet(signal);
  const keyBar = createKeyBar(view, signal);
  const fullScreen = createFullScreen(page, onFullScreen, signal);
  const transcripts = createTranscriptMenu(transcriptSource, signal);
  const endTranscript = byId("end-transcript", HTMLButtonElement);
  const toolbar = createToolbar(
    [
      { id: "search", label: "Search", shortcut: "search", needsTerminal: true, use: search },
      {
        id: "transcript",
        label: "Download a transcript",
        needsTerminal: true,
        popup: "menu",
        use: (button) => transcripts.toggle(button),
      },
      { id: "settings", label: "Settings", popup: "dialog", use: () => settings.open() },
      { id: "shortcuts", label: "Shortcuts", shortcut: "shortcuts", popup: "dialog", use: () => sheet.toggle() },
      { id: "fullScreen", label: "Full screen", shortcut: "fullScreen", use: () => void fullScreen.toggle() },
    ],
    signal,
  );
  toolbar.button("fullScreen").hidden = !fullScreen.isPossible;

  function search() {
    const terminal = view();
    if (terminal) searchBar.open(terminal);
  }

  function transcriptSource() {
    const [terminal, id] = [view(), sessionId()];
    return terminal && id !== undefined ? { view: terminal, sessionId: id } : undefined;
  }

  function onFullScreen(isFull: boolean) {
    const [icon, label] = isFull
      ? (["leaveFullScreen", "Leave full screen"] as const)
      : (["fullScreen", "Full screen"] as const);
    dressButton(toolbar.button("fullScreen"), icon, label, keysInWords("fullScreen"));
  }

  const byShortcut: Partial<Record<ShortcutId, () => void>> = {
    search,
    shortcuts: () => sheet.toggle(),
    fullScreen: () => fullScreen.isPossible && void fullScreen.toggle(),
  };

  /** Before the terminal gets the key; the rest of the shortcuts are of use only in it. */
  function onKey(event: KeyboardEvent) {
    const id = page.hidden || byId("session-bar", HTMLDivElement).hidden ? undefined : shortcutOf(event);
    const act = id && byShortcut[id];
    // What asks a question is answered first.
    const isAsked = document.querySelector("dialog:modal:not(#shortcuts)") !== null;
    if (!act || isAsked) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) act();
  }

  window.addEventListener("keydown", onKey, { capture: true, signal });
  endTranscript.addEventListener("click", () => transcripts.toggle(endTranscript), { signal });
  followVisibleHeight(signal);

  return {
    begin: () => keyBar.show(),
    follow(isOver) {
      const hasTerminal = view() !== undefined;
      toolbar.follow(hasTerminal);
      endTranscript.hidden = !hasTerminal;
      if (isOver) keyBar.hide();
    },
    typed: (data) => keyBar.typed(data),
    focus: () => toolbar.focus(),
    hide() {
      searchBar.close();
      transcripts.close();
      settings.close();
      sheet.close();
      keyBar.hide();
      fullScreen.leave();
      toolbar.follow(false);
    },
  };
}
