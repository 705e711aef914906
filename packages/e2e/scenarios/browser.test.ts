import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, screenshot } from "../src/browser.ts";
import { startTestStack, type TestStack } from "../src/stack.ts";

let stack: TestStack;
let browser: Browser;
let page: Page;

before(async () => {
  [stack, browser] = await Promise.all([startTestStack(), launchBrowser()]);
  page = await browser.newPage({ viewport: { width: 1000, height: 700 } });
});

after(async () => {
  await browser?.close();
  await stack?.remove();
});

const terminalText = () => page.locator("#terminal .xterm-rows").innerText();
const untilState = (state: string) => page.locator(`#status[data-state="${state}"]`).waitFor({ timeout: 90_000 });

async function untilTerminal(pattern: RegExp): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!pattern.test(await terminalText())) {
    if (Date.now() > deadline) assert.match(await terminalText(), pattern);
    await page.waitForTimeout(100);
  }
}

async function typeLine(text: string): Promise<void> {
  await page.locator("#terminal .xterm-helper-textarea").focus();
  await page.keyboard.type(`${text}\n`);
}

async function start(source: string, command: string): Promise<void> {
  await page.locator("#source").fill(source);
  await page.locator("#command").fill(command);
  await page.locator("#start").click();
}

test("a new user signs up, runs a package from npm and reads its output and exit code", async () => {
  await page.goto(stack.url);
  await page.locator("#email").fill("ada@example.com");
  await page.locator("#password").fill("correct horse battery staple");
  await page.locator("#sign-up").click();
  await start("npm:cowsay@1.6.0", "cowsay hello");
  await untilTerminal(/< hello >[^]*\^__\^/);
  await untilState("ended");
  assert.equal(await page.locator("#status").getAttribute("data-exit-code"), "0");
  assert.match(await page.locator("#stages").innerText(), /queued[^]*scheduling[^]*pulling[^]*starting[^]*ready/i);
  await screenshot(page, "cowsay");
});

test("a shell survives a reload of the page, follows its size, and is stopped", async () => {
  await page.goto(stack.url);
  await start("template:shell", "");
  await untilState("attached");
  await typeLine("greeting=hello; echo $greeting-$((40 + 2))");
  await untilTerminal(/hello-42/);

  await page.setViewportSize({ width: 600, height: 500 });
  // The size reaches the shell a moment after the window has it.
  await typeLine("until [ $(stty size | cut -d' ' -f2) -lt 80 ]; do sleep 0.1; done; echo narrow-$((1 + 1))");
  await untilTerminal(/narrow-2/);

  await page.reload();
  await untilState("attached");
  await untilTerminal(/hello-42/);
  await typeLine("echo still-$greeting");
  await untilTerminal(/still-hello/);
  await screenshot(page, "shell");

  await page.locator("#stop").click();
  await untilState("ended");
  assert.equal(await page.locator("#status").getAttribute("data-end-reason"), "stopped");
});
