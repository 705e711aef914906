import { readFile } from "node:fs/promises";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import type { TerminalSize } from "@cliscale/protocol";
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

/** The page's side: the same functions that the headless screen uses, and the steps. */
async function pageScript({ columns, rows }: TerminalSize): Promise<string> {
  const steady = ["core", "graphemes", "lines", "printing", "resizing", "links", "cursor", "steadyTerminal"];
  const modules = ["./terminalState.ts", ...steady.map((name) => `../../../protocol/src/steady/${name}.ts`)];
  const sources = await Promise.all(
    modules.map((path) => readFile(fileURLToPath(new URL(path, import.meta.url)), "utf8")),
  );
  const scripts = sources.map((source) => stripTypeScriptTypes(source).replaceAll(/^import .*$|^export /gm, ""));
  return `${scripts.join("\n")}
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
