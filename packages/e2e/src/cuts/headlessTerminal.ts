import { steadyTerminal, type TerminalSize } from "@cliscale/protocol";
import type { Terminal } from "@xterm/headless";
import { loadHeadless } from "../../../../runner/src/terminal/emulator/loadHeadless.ts";

/** Creates an xterm without a screen that draws as the page's own does. */
export function createHeadlessTerminal({ columns, rows }: TerminalSize): Terminal {
  const { Terminal, UnicodeGraphemesAddon } = loadHeadless();
  const terminal = new Terminal({
    cols: columns,
    rows,
    scrollback: 10_000,
    allowProposedApi: true,
    logLevel: "off",
  });
  steadyTerminal(terminal, new UnicodeGraphemesAddon());
  return terminal;
}
