import { type OpenTerminalOptions, type Terminal, type TerminalState, openTerminal } from "@cliscale/client";
import type { TerminalSize } from "@cliscale/protocol";
import type { ITerminalAddon, Terminal as Xterm } from "@xterm/xterm";
import { type ReplyWatch, watchReplies } from "./queryReplies.ts";
import { screenOf } from "./screen.ts";

export interface AttachAddonOptions extends Pick<
  OpenTerminalOptions,
  "client" | "sessionId" | "attach" | "onTitle" | "onRoundTrip"
> {
  onState: (state: TerminalState) => void;
  /** What is to be sent for what has been typed. */
  typed?: (data: string) => string;
  /** What is typed here has been sent. */
  onTyped: () => void;
}

/** Attaches an xterm to a session: owns the socket, attaches again when it is lost, and lets typing through while it is there. */
export interface AttachAddon extends ITerminalAddon {
  /** How much of the terminal can be shown now. */
  resize(size: TerminalSize): void;
  /** The network or the page is back, or the reader does not want to wait. */
  wake(): void;
  /** Whether the terminal can be seen; see Terminal. */
  setHidden(isHidden: boolean): void;
  /** Other addons have been loaded, which may reply to queries before this one hears of them. */
  watchRepliesAgain(): void;
  /** Detaches for good; the session goes on, and what is drawn stays. */
  close(): void;
}

/** The addon begins when an xterm that is on the page loads it. */
export function createAttachAddon(options: AttachAddonOptions): AttachAddon {
  const listeners: { dispose(): void }[] = [];
  let terminal: Terminal | undefined;
  let replies: ReplyWatch | undefined;
  let shown: Xterm | undefined;

  function activate(xterm: Xterm) {
    shown = xterm;
    replies = watchReplies(xterm.parser, () => terminal?.answersQueries ?? false);
    const size = { columns: xterm.cols, rows: xterm.rows };
    terminal = openTerminal({ ...options, size, screen: screenOf(xterm), onState });
    listeners.push(
      xterm.onData((data) => {
        if (replies?.reply === "unwanted") return;
        if (replies?.reply) terminal?.reply(data);
        else send(options.typed?.(data) ?? data);
      }),
      // Bytes that are no text, as some mouse reports.
      xterm.onBinary((data) => send(Uint8Array.from(data, (character) => character.charCodeAt(0)))),
    );
    onState(terminal.state);
  }

  function send(data: string | Uint8Array) {
    if (terminal?.input(data)) options.onTyped();
  }

  function onState(state: TerminalState) {
    if (shown) setTyping(shown, state.name === "attached");
    options.onState(state);
  }

  return {
    activate,
    resize: (size) => terminal?.resize(size),
    wake: () => terminal?.wake(),
    setHidden: (isHidden) => terminal?.setHidden(isHidden),
    watchRepliesAgain: () => replies?.renew(),
    close() {
      terminal?.close();
      if (shown) setTyping(shown, false);
    },
    dispose() {
      terminal?.close();
      replies?.dispose();
      for (const listener of listeners) listener.dispose();
    },
  };
}

/** Whether what is typed goes anywhere. */
function setTyping(xterm: Xterm, isOn: boolean) {
  xterm.options.disableStdin = !isOn;
  // A cursor would promise that typing does something.
  xterm.options.cursorInactiveStyle = isOn ? "outline" : "none";
  if (!isOn) xterm.blur();
  else if (mayTakeFocus()) xterm.focus();
}

/** Not from another control, nor on a touch screen, where that would bring up the keyboard unasked. */
function mayTakeFocus(): boolean {
  return document.activeElement === document.body && matchMedia("(pointer: fine)").matches;
}
