import type { Screen, Terminal } from "@cliscale/client";
import type { TerminalSize } from "@cliscale/protocol";
import { watchReplies } from "../../../../hosting/src/terminal/queryReplies.ts";
import { createHeadlessTerminal } from "./headlessTerminal.ts";
import { readState, type TerminalState } from "./terminalState.ts";

/** A screen of which the state can be read. */
export interface ReadableScreen {
  screen: Screen;
  /** The state once all is drawn that the screen has been handed. */
  state: () => Promise<TerminalState>;
  /** Lets replies to queries, and nothing else, reach a terminal. */
  connect: (terminal: Terminal) => void;
  dispose: () => Promise<void>;
}

/** What a page's screen writes before it clears itself: it aborts a sequence that was cut in half. */
const abort = "\x18";

/** An xterm without a screen, used as the page uses its own. */
export function createHeadlessScreen(size: TerminalSize): ReadableScreen {
  const terminal = createHeadlessTerminal(size);
  return {
    screen: {
      write: (bytes, drawn) => terminal.write(bytes, drawn),
      reset: () =>
        terminal.write(abort, () => {
          terminal.reset();
          terminal.options.convertEol = false;
        }),
      resize: ({ columns, rows }) => terminal.write("", () => terminal.resize(columns, rows)),
    },
    state: async () => {
      await new Promise<void>((resolve) => terminal.write("", resolve));
      return readState(terminal);
    },
    connect: (client) => {
      const replies = watchReplies(terminal.parser, () => client.answersQueries);
      terminal.onData((data) => {
        if (replies.reply !== "unwanted") client.input(data);
      });
    },
    dispose: () => {
      terminal.dispose();
      return Promise.resolve();
    },
  };
}
