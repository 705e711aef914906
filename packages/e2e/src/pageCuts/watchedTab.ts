import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../browser.ts";
import { readState, type TerminalState } from "../cuts/terminalState.ts";
import type { TestStack } from "../stack.ts";
import { type PageWatch, watchPage } from "./watchPage.ts";

/** What a tab has seen of its session, apart from what it shows. */
export type Seen = Pick<PageWatch, "offered" | "closed" | "offset" | "sizes" | "ring" | "snapshot">;

/** The page in a browser of its own, in which the demo user is signed in. */
export interface WatchedTab {
  page: Page;
  browser: Browser;
  open: (sessionId: string) => Promise<void>;
  /** The state of the page's status line. */
  status: () => Promise<string | null>;
  becomes: (state: string) => Promise<void>;
  seen: () => Promise<Seen>;
  /** All that the terminal holds, once what has come is drawn. */
  state: () => Promise<TerminalState>;
  /** Types as the keyboard does. */
  type: (data: string) => Promise<void>;
  moveClock: (milliseconds: number) => Promise<void>;
  setHidden: (isHidden: boolean) => Promise<void>;
  close: () => Promise<void>;
}

type Watched = typeof globalThis & { watch: PageWatch };

const becomesMilliseconds = 60_000;

/** `gatewayPort` is where the browser finds the gateway, whatever its address says. */
export async function openTab(stack: TestStack, gatewayPort: number): Promise<WatchedTab> {
  const there = `MAP 127.0.0.1:${stack.ports.gateway} 127.0.0.1:${gatewayPort}`;
  const browser = await launchBrowser([`--host-resolver-rules=${there}`]);
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  await context.addInitScript(watchPage);
  const page = await context.newPage();
  await page.goto(stack.url);
  await page.locator("#email").fill(stack.demo.email);
  await page.locator("#password").fill(stack.demo.password);
  await page.locator("#sign-in").click();
  await page.locator("#start").waitFor();
  const becomes = (state: string) =>
    page.locator(`#status[data-state="${state}"]`).waitFor({ timeout: becomesMilliseconds });
  return {
    page,
    browser,
    async open(sessionId) {
      await page.goto("about:blank");
      await page.goto(`${stack.url}/#/session/${sessionId}`);
      await becomes("attached");
    },
    status: () => page.locator("#status").getAttribute("data-state"),
    becomes,
    seen: () =>
      page.evaluate(() => {
        const { offered, closed, offset, sizes, ring, snapshot } = (globalThis as Watched).watch;
        return { offered, closed, offset, sizes, ring, snapshot };
      }),
    async state() {
      await page.evaluate(
        () => new Promise<void>((resolve) => (globalThis as Watched).watch.terminal!.write("", resolve)),
      );
      return page.evaluate(`(${readState.toString()})(globalThis.watch.terminal)`);
    },
    type: (data) => page.evaluate((typed) => (globalThis as Watched).watch.terminal!.input(typed), data),
    moveClock: (milliseconds) => page.evaluate((by) => (globalThis as Watched).watch.moveClock(by), milliseconds),
    setHidden: (isHidden) => page.evaluate((next) => (globalThis as Watched).watch.setHidden(next), isHidden),
    close: () => browser.close(),
  };
}
