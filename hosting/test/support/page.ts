import assert from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { startBackend } from "./backend.ts";
import { launchBrowser } from "@cliscale/e2e/browser";
import { startSite } from "./site.ts";

export type Stack = Awaited<ReturnType<typeof startStack>>;

/** The built page in a browser, and all that it talks to. */
export async function startStack() {
  const backend = await startBackend();
  const site = await startSite(backend.address);
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

/** A browser profile of its own, in which somebody is signed in; what goes wrong in its pages is kept in `problems`. */
export async function openAs(
  browser: Browser,
  url: string,
  email: string,
  shown = "#start",
  options: BrowserContextOptions = {},
) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
  const problems: string[] = [];
  // What the Content-Security-Policy blocks is reported as an error on the console, as are refused calls.
  context.on("console", (message) => {
    if (message.type() === "error" && !/the server responded with a status of 4/.test(message.text())) {
      problems.push(message.text());
    }
  });
  context.on("weberror", (error) => problems.push(error.error().message));
  const page = await context.newPage();
  await page.goto(url);
  await page.locator("#email").fill(email);
  await page.locator("#password").fill("correct horse");
  await page.locator("#sign-up").click();
  await page.locator(shown).waitFor();
  return { context, problems, ...drive(page) };
}

export type Visit = Awaited<ReturnType<typeof openAs>>;

function drive(page: Page) {
  const terminal = page.locator("#terminal .xterm-rows");
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
      const status = page.locator(`#status[data-state="${state}"]`);
      await status.waitFor();
      return (await status.textContent()) ?? "";
    },
    async type(text: string) {
      await page.locator("#terminal .xterm-helper-textarea").focus();
      await page.keyboard.type(text);
    },
    /** Waits until the terminal shows something, and returns all that it shows. */
    async shows(pattern: RegExp): Promise<string> {
      for (const deadline = Date.now() + 10_000; ; await page.waitForTimeout(20)) {
        const text = await terminal.innerText();
        if (pattern.test(text)) return text;
        if (Date.now() > deadline) assert.match(text, pattern);
      }
    },
    /** Waits until the terminal has taken on a size that fits into a window of the width. */
    async fits(width: number) {
      for (const deadline = Date.now() + 10_000; ; await page.waitForTimeout(20)) {
        const box = await page.locator("#terminal .xterm-screen").boundingBox();
        if (box && box.width < width) return;
        assert.ok(Date.now() < deadline, `the terminal stays ${box?.width} px wide`);
      }
    },
    /** Waits until an expression is true in the page, whose policy forbids Playwright's own way to do so. */
    async holds(expression: string) {
      for (const deadline = Date.now() + 10_000; !(await page.evaluate(expression)); await page.waitForTimeout(20)) {
        assert.ok(Date.now() < deadline, `never so: ${expression}`);
      }
    },
    status: (name: string) => page.locator("#status").getAttribute(`data-${name}`),
  };
}
