import type { Screen, Terminal } from "@cliscale/client";
import { steadyTerminal, type TerminalSize } from "@cliscale/protocol";
import xterm from "@xterm/headless";
import { watchReplies } from "../../../../hosting/src/terminal/queryReplies.ts";
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
export function createHeadlessScreen({ columns, rows }: TerminalSize): ReadableScreen {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 10_000,
    allowProposedApi: true,
    logLevel: "off",
  });
  steadyTerminal(terminal);
  return {
    screen: {
      write: (bytes, drawn) => terminal.write(bytes, drawn),
      reset: () =>
        terminal.write(abort, () => {
          terminal.reset();
          terminal.options.convertEol = false;
        }),
      resize: (size) => terminal.write("", () => terminal.resize(size.columns, size.rows)),
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
