import { createRequire } from "node:module";
import type { TerminalSize } from "@cliscale/protocol";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import type { ReadableScreen } from "./headlessScreen.ts";
import type { TerminalState } from "./terminalState.ts";

const require = createRequire(import.meta.url);

type Step = { write: string } | { reset: true } | { resize: TerminalSize };

/** What the page's script defines. */
interface PageGlobals {
  perform: (steps: Step[]) => Promise<void>;
  state: () => TerminalState;
}

/** An xterm in a page of a real browser, which draws what it is handed in the order that it comes. Replies go nowhere. */
export async function createBrowserScreen(browser: Browser, { columns, rows }: TerminalSize): Promise<ReadableScreen> {
  const page = await browser.newPage();
  await page.setContent(`<!doctype html><div id="place"></div>`);
  await page.addStyleTag({ path: require.resolve("@xterm/xterm/css/xterm.css") });
  await page.addScriptTag({ path: require.resolve("@xterm/xterm/lib/xterm.js") });
  await page.addScriptTag({ path: require.resolve("@xterm/addon-unicode-graphemes") });
  await page.addScriptTag({ content: await pageScript({ columns, rows }) });

  let waiting: Step[] = [];
  let callbacks: (() => void)[] = [];
  let work: Promise<void> = Promise.resolve();
  const enqueue = (step: Step, done?: () => void) => {
    if (waiting.length === 0) work = work.then(perform);
    waiting.push(step);
    if (done) callbacks.push(done);
  };
  const perform = async () => {
    const steps = waiting;
    const done = callbacks;
    waiting = [];
    callbacks = [];
    await page.evaluate((all) => (globalThis as unknown as PageGlobals).perform(all), steps);
    for (const callback of done) callback();
  };
  return {
    screen: {
      write: (bytes, drawn) => enqueue({ write: Buffer.from(bytes).toString("base64") }, drawn),
      reset: () => enqueue({ reset: true }),
      resize: (size) => enqueue({ resize: { columns: size.columns, rows: size.rows } }),
    },
    connect: () => {},
    state: async () => {
      while (waiting.length > 0) await work;
      await work;
      return page.evaluate(() => (globalThis as unknown as PageGlobals).state());
    },
    dispose: () => page.close(),
  };
}

let functions: Promise<string> | undefined;

/** What the headless screen uses as well, as a script that defines `functions`. */
async function bundleFunctions(): Promise<string> {
  const contents = `export { steadyTerminal } from "@cliscale/protocol"; export { readState } from "./terminalState.ts";`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    format: "iife",
    globalName: "functions",
    write: false,
  });
  return outputFiles[0]!.text;
}

/** The page's side: the same functions, and the steps. */
async function pageScript({ columns, rows }: TerminalSize): Promise<string> {
  functions ??= bundleFunctions();
  return `${await functions}
    const { steadyTerminal, readState } = functions;
    const terminal = new Terminal({ cols: ${columns}, rows: ${rows}, scrollback: 10000, allowProposedApi: true });
    terminal.open(document.getElementById("place"));
    steadyTerminal(terminal, new UnicodeGraphemesAddon.UnicodeGraphemesAddon());
    const written = (data) => new Promise((resolve) => terminal.write(data, resolve));
    globalThis.state = () => readState(terminal);
    globalThis.perform = async (steps) => {
      for (const { write, reset, resize } of steps) {
        if (write !== undefined) await written(Uint8Array.from(atob(write), (c) => c.charCodeAt(0)));
        if (reset) {
          await written("\\x18");
          terminal.reset();
          terminal.options.convertEol = false;
        }
        if (resize) terminal.resize(resize.columns, resize.rows);
      }
    };`;
}
