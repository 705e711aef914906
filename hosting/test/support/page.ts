import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Preferences } from "../../src/preferences.ts";
import { startBackend } from "./backend.ts";
import { launchBrowser } from "@cliscale/e2e/browser";
import { startSite } from "./site.ts";

/** What is not there after this long does not come, also on a busy machine. */
export const patienceMilliseconds = 30_000;

export type Stack = Awaited<ReturnType<typeof startStack>>;

/** The built page in a browser, and all that it talks to; `configuration` is for its config.json. */
export async function startStack(configuration: object = {}) {
  const backend = await startBackend();
  const site = await startSite(backend.address, configuration);
  const browser = await launchBrowser();
  return {
    backend,
    site,
    browser,
    async stop() {
      await browser.close();
      await site[Symbol.asyncDispose]();
      await backend[Symbol.asyncDispose]();
    },
  };
}

/** A browser profile of its own, with an empty page; what goes wrong in its pages is kept in `problems`. */
export async function openProfile(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
  const problems: string[] = [];
  // What the Content-Security-Policy blocks is reported as an error on the console, as are refused calls.
  context.on("console", (message) => {
    if (message.type() === "error" && !/the server responded with a status of 4/.test(message.text())) {
      problems.push(message.text());
    }
  });
  context.on("weberror", (error) => problems.push(error.error().message));
  return { context, problems, ...drive(await context.newPage()) };
}

/** A browser profile of its own, in which somebody is signed in. */
export async function openAs(
  browser: Browser,
  url: string,
  email: string,
  shown = "#start",
  options: BrowserContextOptions = {},
) {
  const visit = await openProfile(browser, options);
  const { page } = visit;
  await page.goto(url);
  await page.locator("#email").fill(email);
  await page.locator("#password").fill("correct horse");
  await page.locator("#sign-up").click();
  await page.locator(shown).waitFor();
  return visit;
}

export type Visit = Awaited<ReturnType<typeof openAs>>;

function drive(page: Page) {
  const terminal = page.locator("#terminal .xterm-rows");
  let printed = 0;
  let other: Page | undefined;
  return {
    page,
    /** Loads the page anew. */
    async open(url: string) {
      await page.goto("about:blank");
      await page.goto(url);
      await page.locator("#session").waitFor();
    },
    async start(source: string, command = "") {
      await page.locator("#source").fill(source);
      await page.locator("#command").fill(command);
      await page.locator("#start").click();
    },
    /** Waits until the session is in a state, and returns what the status says. */
    async until(state: string): Promise<string> {
      for (const deadline = Date.now() + patienceMilliseconds; ; await page.waitForTimeout(20)) {
        // At once, since a state may not last.
        const [name, text] = await page
          .locator("#status")
          .evaluate((it: HTMLElement) => [it.dataset["state"], it.textContent]);
        if (name === state) return text ?? "";
        if (Date.now() > deadline) assert.equal(name, state);
      }
    },
    async type(text: string) {
      await page.locator("#terminal .xterm-helper-textarea").focus();
      await page.keyboard.type(text);
    },
    /** Waits until the terminal shows something, and returns all that it shows. */
    async shows(pattern: RegExp): Promise<string> {
      for (const deadline = Date.now() + patienceMilliseconds; ; await page.waitForTimeout(20)) {
        const text = await terminal.innerText();
        if (pattern.test(text)) return text;
        if (Date.now() > deadline) assert.match(text, pattern);
      }
    },
    /** Has the shell print bytes, given as for printf, on a cleared screen, and waits until they are drawn. */
    async print(format: string) {
      const count = ++printed;
      await this.type(`clear; printf '${format}'; echo end-$((${count} + 1000))\n`);
      return this.shows(new RegExp(`end-${count + 1000}`));
    },
    /** Returns what waits for the next event of the window of this name; all that listens for it has heard of it then. */
    async expectEvent(name: string) {
      const expected = await page.evaluateHandle(
        (type) => ({ event: new Promise((resolve) => addEventListener(type, resolve, { capture: true, once: true })) }),
        name,
      );
      return () => expected.evaluate(async ({ event }) => void (await event));
    },
    /** Changes how the reader likes the terminal, in another tab, and waits until the page has been told. */
    async prefer(preferences: Partial<Preferences>) {
      if (!other) {
        other = await page.context().newPage();
        await other.goto(new URL("/icon.svg", page.url()).href);
        await page.bringToFront();
      }
      const told = await this.expectEvent("storage");
      const isNews = await other.evaluate((changes) => {
        const known = localStorage.getItem("cliscale.preferences");
        const next = JSON.stringify({ ...(JSON.parse(known ?? "{}") as object), ...changes });
        localStorage.setItem("cliscale.preferences", next);
        return next !== known;
      }, preferences);
      if (isNews) await told();
    },
    /** Waits until something on the page is as expected. */
    async eventually<Value>(read: () => Promise<Value>, expected: Value, milliseconds = patienceMilliseconds) {
      for (const deadline = Date.now() + milliseconds; ; await page.waitForTimeout(20)) {
        const value = await read();
        if (isDeepStrictEqual(value, expected)) return;
        if (Date.now() > deadline) assert.deepEqual(value, expected);
      }
    },
    /** Waits until the terminal has taken on a size that fits into a window of the width. */
    async fits(width: number) {
      for (const deadline = Date.now() + patienceMilliseconds; ; await page.waitForTimeout(20)) {
        const box = await page.locator("#terminal .xterm-screen").boundingBox();
        if (box && box.width < width) return;
        assert.ok(Date.now() < deadline, `the terminal stays ${box?.width} px wide`);
      }
    },
    /** Waits until an expression is true in the page, whose policy forbids Playwright's own way to do so. */
    holds(expression: string) {
      return this.eventually(() => page.evaluate(expression), true);
    },
    status: (name: string) => page.locator("#status").getAttribute(`data-${name}`),
  };
}
